#include "execute.h"

#include <new>
#include <string>
#include <vector>

#include "attributes.h"
#include "runtime.h"
#include "status.h"

namespace qinsight {

namespace {

Op prepare(const Napi::CallbackInfo& info, const std::string& name) {
  const Napi::Env env = info.Env();
  const Runtime& runtime = Runtime::of(env);
  if (!info[2].IsArray()) throw Napi::TypeError::New(env, "executeOp: inputs: expected an array of tensor ids");
  Status status;
  Op op(TFE_NewOp(runtime.context(env), name.c_str(), status.get()));
  status.check(env, "executeOp " + name);
  setAttributes(env, EagerAttributes{op.get()}, info[1]);
  const Napi::Array inputs = info[2].As<Napi::Array>();
  for (uint32_t i = 0; i < inputs.Length(); i++) {
    const Napi::HandleScope scope(env);
    const Napi::Value id = inputs[i];
    if (!id.IsNumber()) throw Napi::TypeError::New(env, "executeOp " + name + ": input " + std::to_string(i) + " has no id");
    TFE_OpAddInput(op.get(), runtime.tensor(env, id.As<Napi::Number>().Int32Value()), status.get());
    status.check(env, "executeOp " + name + ": input " + std::to_string(i));
  }
  return op;
}

std::string nameOf(const Napi::CallbackInfo& info) {
  if (!info[0].IsString()) throw Napi::TypeError::New(info.Env(), "executeOp: name: expected a string");
  return info[0].As<Napi::String>().Utf8Value();
}

std::vector<Handle> run(TFE_Op* op, int outputs, const Status& status) {
  std::vector<TFE_TensorHandle*> raw(outputs, nullptr);
  int produced = outputs;
  try {
    TFE_Execute(op, raw.data(), &produced, status.get());
  } catch (const std::bad_alloc&) {
    TF_SetStatus(status.get(), TF_RESOURCE_EXHAUSTED, "out of memory");
  }
  std::vector<Handle> handles;
  if (!status.ok()) return handles;
  for (int i = 0; i < produced; i++) handles.emplace_back(raw[i]);
  return handles;
}

Napi::Array describeAll(Napi::Env env, std::vector<Handle> handles) {
  Runtime& runtime = Runtime::of(env);
  Napi::Array out = Napi::Array::New(env, handles.size());
  for (size_t i = 0; i < handles.size(); i++) {
    TFE_TensorHandle* handle = handles[i].get();
    out.Set(static_cast<uint32_t>(i), describe(env, runtime.add(std::move(handles[i])), handle));
  }
  return out;
}

class Execution : public Napi::AsyncWorker {
 public:
  Execution(Napi::Env env, std::string name, Op op, int outputs)
      : Napi::AsyncWorker(env),
        deferred_(Napi::Promise::Deferred::New(env)),
        name_(std::move(name)),
        op_(std::move(op)),
        outputs_(outputs) {}

  Napi::Promise promise() const { return deferred_.Promise(); }

  void Execute() override {
    handles_ = run(op_.get(), outputs_, status_);
    op_.reset(); // lets go of the inputs
    if (!status_.ok()) SetError(status_.message("executeOp " + name_));
  }
  void OnOK() override { deferred_.Resolve(describeAll(Env(), std::move(handles_))); }
  void OnError(const Napi::Error&) override { deferred_.Reject(status_.error(Env(), "executeOp " + name_).Value()); }

 private:
  Status status_;
  Napi::Promise::Deferred deferred_;
  std::string name_;
  Op op_;
  int outputs_;
  std::vector<Handle> handles_;
};

}  // namespace

Napi::Value executeOp(const Napi::CallbackInfo& info) {
  const std::string name = nameOf(info);
  const Op op = prepare(info, name);
  Status status;
  std::vector<Handle> handles = run(op.get(), integerArgument(info, 3, "executeOp: outputs"), status);
  status.check(info.Env(), "executeOp " + name);
  return describeAll(info.Env(), std::move(handles));
}

Napi::Value executeOpAsync(const Napi::CallbackInfo& info) {
  std::string name = nameOf(info);
  Op op = prepare(info, name);
  const int outputs = integerArgument(info, 3, "executeOpAsync: outputs");
  auto* execution = new Execution(info.Env(), std::move(name), std::move(op), outputs);
  const Napi::Promise promise = execution->promise();
  execution->Queue();
  return promise;
}

}  // namespace qinsight
