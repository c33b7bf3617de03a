/**
 * What JavaScript sees: the methods that the kernels of TensorFlow.js for Node call (createTensor, deleteTensor,
 * tensorDataSync, executeOp, the TF_ constants), and what they lack: reading without blocking, functions, the list of
 * operations, devices and memory.
 */
#include <napi.h>

#include "execute.h"
#include "graph.h"
#include "runtime.h"
#include "status.h"
#include "tensors.h"

namespace qinsight {

namespace {

Napi::Value start(const Napi::CallbackInfo& info) {
  if (!info[0].IsTypedArray()) throw Napi::TypeError::New(info.Env(), "start: expected a Uint8Array");
  const Napi::Uint8Array config = info[0].As<Napi::Uint8Array>();
  Runtime::of(info.Env()).start(info.Env(), config.Data(), config.ByteLength());
  return info.Env().Undefined();
}

Napi::Value devices(const Napi::CallbackInfo& info) {
  const std::vector<Device>& all = Runtime::of(info.Env()).devices();
  Napi::Array out = Napi::Array::New(info.Env(), all.size());
  for (size_t i = 0; i < all.size(); i++) {
    Napi::Object device = Napi::Object::New(info.Env());
    device.Set("name", all[i].name);
    device.Set("type", all[i].type);
    device.Set("memoryBytes", static_cast<double>(all[i].memoryBytes));
    out.Set(static_cast<uint32_t>(i), device);
  }
  return out;
}

Napi::Value memory(const Napi::CallbackInfo& info) {
  const Runtime& runtime = Runtime::of(info.Env());
  Napi::Object out = Napi::Object::New(info.Env());
  out.Set("tensors", static_cast<double>(runtime.tensors()));
  out.Set("bytes", static_cast<double>(runtime.bytes()));
  return out;
}

/** The serialized OpList of every operation this TensorFlow knows. */
Napi::Value operations(const Napi::CallbackInfo& info) {
  const std::unique_ptr<TF_Buffer, decltype(&TF_DeleteBuffer)> buffer(TF_GetAllOpList(), TF_DeleteBuffer);
  return Napi::Buffer<uint8_t>::Copy(info.Env(), static_cast<const uint8_t*>(buffer->data), buffer->length);
}

Napi::Value isUsingGpuDevice(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), !Runtime::of(info.Env()).gpu().empty());
}

Napi::Value getNumOfTensors(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(Runtime::of(info.Env()).tensors()));
}

void setConstants(Napi::Object exports) {
  const std::pair<const char*, int> constants[] = {
      {"TF_FLOAT", TF_FLOAT},           {"TF_DOUBLE", TF_DOUBLE},       {"TF_INT32", TF_INT32},
      {"TF_UINT8", TF_UINT8},           {"TF_INT64", TF_INT64},         {"TF_BOOL", TF_BOOL},
      {"TF_COMPLEX64", TF_COMPLEX64},   {"TF_STRING", TF_STRING},       {"TF_RESOURCE", TF_RESOURCE},
      {"TF_BFLOAT16", TF_BFLOAT16},     {"TF_HALF", TF_HALF},           {"TF_ATTR_STRING", TF_ATTR_STRING},
      {"TF_ATTR_INT", TF_ATTR_INT},     {"TF_ATTR_FLOAT", TF_ATTR_FLOAT}, {"TF_ATTR_BOOL", TF_ATTR_BOOL},
      {"TF_ATTR_TYPE", TF_ATTR_TYPE},   {"TF_ATTR_SHAPE", TF_ATTR_SHAPE}, {"TF_ATTR_TENSOR", TF_ATTR_TENSOR},
      {"TF_ATTR_FUNC", TF_ATTR_FUNC},
  };
  for (const auto& [name, value] : constants) exports.Set(name, value);
  exports.Set("TF_Version", TF_Version());
}

Napi::Object init(Napi::Env env, Napi::Object exports) {
  env.SetInstanceData(new Runtime());
  exports.Set("start", Napi::Function::New<start>(env));
  exports.Set("createTensor", Napi::Function::New<createTensor>(env));
  exports.Set("deleteTensor", Napi::Function::New<deleteTensor>(env));
  exports.Set("tensorDataSync", Napi::Function::New<tensorDataSync>(env));
  exports.Set("tensorData", Napi::Function::New<tensorData>(env));
  exports.Set("executeOp", Napi::Function::New<executeOp>(env));
  exports.Set("executeOpAsync", Napi::Function::New<executeOpAsync>(env));
  exports.Set("removeFunction", Napi::Function::New<removeFunction>(env));
  exports.Set("operations", Napi::Function::New<operations>(env));
  exports.Set("devices", Napi::Function::New<devices>(env));
  exports.Set("memory", Napi::Function::New<memory>(env));
  exports.Set("isUsingGpuDevice", Napi::Function::New<isUsingGpuDevice>(env));
  exports.Set("getNumOfTensors", Napi::Function::New<getNumOfTensors>(env));
  exports.Set("Graph", Graph::define(env));
  setConstants(exports);
  return exports;
}

NODE_API_MODULE(q_insight_tensorflow, init)

}  // namespace

}  // namespace qinsight
