#include "graph.h"

#include <string>

#include "attributes.h"
#include "runtime.h"
#include "status.h"
#include "tensors.h"

namespace qinsight {

Napi::Function Graph::define(Napi::Env env) {
  return DefineClass(env, "Graph",
                     {InstanceMethod<&Graph::placeholder>("placeholder"), InstanceMethod<&Graph::constant>("constant"),
                      InstanceMethod<&Graph::operation>("operation"),
                      InstanceMethod<&Graph::registerFunction>("register")});
}

Graph::Graph(const Napi::CallbackInfo& info) : Napi::ObjectWrap<Graph>(info), graph_(TF_NewGraph()) {}
Graph::~Graph() { TF_DeleteGraph(graph_); }

TF_OperationDescription* Graph::describe(const std::string& type) {
  return TF_NewOperation(graph_, type.c_str(), (type + "_" + std::to_string(operations_.size())).c_str());
}

TF_Output Graph::output(Napi::Env env, const Napi::Value& value) const {
  const int64_t index = value.IsNumber() ? value.As<Napi::Number>().Int64Value() : -1;
  if (index < 0 || index >= static_cast<int64_t>(outputs_.size())) {
    throw Napi::RangeError::New(env, "Graph: expected the number of an output, below " + std::to_string(outputs_.size()));
  }
  return outputs_[static_cast<size_t>(index)];
}

std::vector<TF_Output> Graph::outputs(Napi::Env env, const Napi::Value& value) const {
  if (!value.IsArray()) throw Napi::TypeError::New(env, "Graph: expected an array of outputs");
  const Napi::Array array = value.As<Napi::Array>();
  std::vector<TF_Output> list;
  for (uint32_t i = 0; i < array.Length(); i++) list.push_back(output(env, array[i]));
  return list;
}

Napi::Object Graph::finish(Napi::Env env, TF_OperationDescription* description) {
  Status status;
  TF_Operation* operation = TF_FinishOperation(description, status.get());
  status.check(env, "Graph");
  Napi::Object result = Napi::Object::New(env);
  result.Set("operation", static_cast<double>(operations_.size()));
  operations_.push_back(operation);
  const int count = TF_OperationNumOutputs(operation);
  Napi::Array described = Napi::Array::New(env, count);
  for (int i = 0; i < count; i++) {
    const TF_Output out{operation, i};
    Napi::Object tensor = Napi::Object::New(env);
    tensor.Set("id", static_cast<double>(outputs_.size()));
    tensor.Set("dtype", static_cast<int32_t>(TF_OperationOutputType(out)));
    outputs_.push_back(out);
    const int rank = TF_GraphGetTensorNumDims(graph_, out, status.get());
    status.check(env, "Graph: shape");
    if (rank < 0) {
      tensor.Set("shape", env.Null());
    } else {
      std::vector<int64_t> sizes(rank);
      TF_GraphGetTensorShape(graph_, out, sizes.data(), rank, status.get());
      status.check(env, "Graph: shape");
      Napi::Array shape = Napi::Array::New(env, rank);
      for (int axis = 0; axis < rank; axis++) shape.Set(axis, static_cast<double>(sizes[axis]));
      tensor.Set("shape", shape);
    }
    described.Set(i, tensor);
  }
  result.Set("outputs", described);
  return result;
}

Napi::Value Graph::placeholder(const Napi::CallbackInfo& info) {
  const std::vector<int64_t> shape = shapeOf(info.Env(), info[1], "placeholder: shape");
  TF_OperationDescription* description = describe("Placeholder");
  TF_SetAttrType(description, "dtype", static_cast<TF_DataType>(integerArgument(info, 0, "placeholder: dtype")));
  TF_SetAttrShape(description, "shape", shape.data(), static_cast<int>(shape.size()));
  return finish(info.Env(), description);
}

Napi::Value Graph::constant(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto dtype = static_cast<TF_DataType>(integerArgument(info, 0, "constant: dtype"));
  const Tensor tensor = tensorFrom(env, shapeOf(env, info[1], "constant: shape"), dtype, info[2]);
  TF_OperationDescription* description = describe("Const");
  TF_SetAttrType(description, "dtype", dtype);
  Status status;
  TF_SetAttrTensor(description, "value", tensor.get(), status.get());
  status.check(env, "Graph: constant");
  return finish(env, description);
}

Napi::Value Graph::operation(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!info[0].IsString() || !info[2].IsArray() || !info[3].IsArray()) {
    throw Napi::TypeError::New(env, "Graph.operation: expected (type, attributes, inputs, after)");
  }
  // TensorFlow's description can only be freed by finishing it, so everything that may throw comes before it.
  const Napi::Array inputs = info[2].As<Napi::Array>();
  struct Input {
    bool list;
    std::vector<TF_Output> outputs;
  };
  std::vector<Input> resolved;
  for (uint32_t i = 0; i < inputs.Length(); i++) {
    const Napi::Value input = inputs[i];
    if (input.IsArray()) resolved.push_back({true, outputs(env, input)});
    else resolved.push_back({false, {output(env, input)}});
  }
  TF_OperationDescription* description = describe(info[0].As<Napi::String>().Utf8Value());
  for (const Input& input : resolved) {
    if (input.list) TF_AddInputList(description, input.outputs.data(), static_cast<int>(input.outputs.size()));
    else TF_AddInput(description, input.outputs[0]);
  }
  const Napi::Array after = info[3].As<Napi::Array>();
  for (uint32_t i = 0; i < after.Length(); i++) {
    TF_AddControlInput(description, operations_.at(Napi::Value(after[i]).As<Napi::Number>().Uint32Value()));
  }
  try {
    setAttributes(env, GraphAttributes{description}, info[1]);
  } catch (const Napi::Error&) {
    Status ignored;
    TF_FinishOperation(description, ignored.get());
    throw;
  }
  return finish(env, description);
}

Napi::Value Graph::registerFunction(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!info[0].IsString()) throw Napi::TypeError::New(env, "Graph.register: name: expected a string");
  const std::string name = info[0].As<Napi::String>().Utf8Value();
  const std::vector<TF_Output> inputs = outputs(env, info[1]);
  const std::vector<TF_Output> results = outputs(env, info[2]);
  std::vector<const TF_Operation*> effects;
  const Napi::Array effectIds = info[3].As<Napi::Array>();
  for (uint32_t i = 0; i < effectIds.Length(); i++) {
    effects.push_back(operations_.at(Napi::Value(effectIds[i]).As<Napi::Number>().Uint32Value()));
  }
  Status status;
  std::unique_ptr<TF_Function, decltype(&TF_DeleteFunction)> function(
      TF_GraphToFunctionWithControlOutputs(
          graph_, name.c_str(), false, -1, nullptr, static_cast<int>(inputs.size()), inputs.data(),
          static_cast<int>(results.size()), results.data(), nullptr, static_cast<int>(effects.size()), effects.data(),
          nullptr, nullptr, nullptr, status.get()),
      TF_DeleteFunction);
  status.check(env, "Graph.register " + name);
  if (info[4].ToBoolean()) {
    const uint8_t yes[] = {0x28, 0x01};  // AttrValue {b: true}
    TF_FunctionSetAttrValueProto(function.get(), "_XlaMustCompile", yes, sizeof yes, status.get());
    status.check(env, "Graph.register " + name);
  }
  TFE_ContextAddFunction(Runtime::of(env).context(env), function.get(), status.get());
  status.check(env, "Graph.register " + name);
  return env.Undefined();
}

Napi::Value removeFunction(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!info[0].IsString()) throw Napi::TypeError::New(env, "removeFunction: name: expected a string");
  Status status;
  TFE_ContextRemoveFunction(Runtime::of(env).context(env), info[0].As<Napi::String>().Utf8Value().c_str(), status.get());
  status.check(env, "removeFunction");
  return env.Undefined();
}

}  // namespace qinsight
