#include "runtime.h"

#include "status.h"

namespace qinsight {

namespace {

int64_t bytesOf(TFE_TensorHandle* handle) {
  Status status;
  const int64_t elements = TFE_TensorHandleNumElements(handle, status.get());
  return status.ok() ? elements * static_cast<int64_t>(TF_DataTypeSize(TFE_TensorHandleDataType(handle))) : 0;
}

std::vector<Device> listDevices(Napi::Env env, TFE_Context* context) {
  Status status;
  std::unique_ptr<TF_DeviceList, decltype(&TF_DeleteDeviceList)> list(TFE_ContextListDevices(context, status.get()),
                                                                       TF_DeleteDeviceList);
  status.check(env, "list devices");
  std::vector<Device> devices;
  for (int i = 0; i < TF_DeviceListCount(list.get()); i++) {
    const char* name = TF_DeviceListName(list.get(), i, status.get());
    status.check(env, "device name");
    const char* type = TF_DeviceListType(list.get(), i, status.get());
    status.check(env, "device type");
    const int64_t memory = TF_DeviceListMemoryBytes(list.get(), i, status.get());
    status.check(env, "device memory");
    devices.push_back({name, type, memory});
  }
  return devices;
}

}  // namespace

Runtime& Runtime::of(Napi::Env env) { return *env.GetInstanceData<Runtime>(); }

void Runtime::start(Napi::Env env, const uint8_t* config, size_t bytes) {
  if (context_ != nullptr) return;
  Status status;
  std::unique_ptr<TFE_ContextOptions, decltype(&TFE_DeleteContextOptions)> options(TFE_NewContextOptions(),
                                                                                    TFE_DeleteContextOptions);
  TFE_ContextOptionsSetConfig(options.get(), config, bytes, status.get());
  status.check(env, "start: configuration");
  TFE_ContextOptionsSetDevicePlacementPolicy(options.get(), TFE_DEVICE_PLACEMENT_SILENT);
  context_ = TFE_NewContext(options.get(), status.get());
  status.check(env, "start");
  devices_ = listDevices(env, context_);
  for (const Device& device : devices_) {
    if (device.type == "GPU") {
      gpu_ = device.name;
      break;
    }
  }
}

Runtime::~Runtime() {
  tensors_.clear();
  if (context_ != nullptr) TFE_DeleteContext(context_);
}

TFE_Context* Runtime::context(Napi::Env env) const {
  if (context_ == nullptr) throw Napi::Error::New(env, "TensorFlow is not started: call start first");
  return context_;
}

int32_t Runtime::add(Handle handle) {
  const int32_t id = next_++;
  bytes_ += bytesOf(handle.get());
  tensors_.emplace(id, std::move(handle));
  return id;
}

TFE_TensorHandle* Runtime::tensor(Napi::Env env, int32_t id) const {
  const auto found = tensors_.find(id);
  if (found == tensors_.end()) throw Napi::Error::New(env, "no tensor has id " + std::to_string(id));
  return found->second.get();
}

void Runtime::remove(Napi::Env env, int32_t id) {
  bytes_ -= bytesOf(tensor(env, id));
  tensors_.erase(id);
}

int32_t integerArgument(const Napi::CallbackInfo& info, size_t index, const char* name) {
  if (!info[index].IsNumber()) {
    throw Napi::TypeError::New(info.Env(), std::string(name) + ": expected an integer");
  }
  return info[index].As<Napi::Number>().Int32Value();
}

Napi::Object describe(Napi::Env env, int32_t id, TFE_TensorHandle* handle) {
  Napi::Object out = Napi::Object::New(env);
  out.Set("id", id);
  const TF_DataType dtype = TFE_TensorHandleDataType(handle);
  out.Set("dtype", static_cast<int32_t>(dtype));
  Status status;
  // A resource (a variable) has no shape of its own worth telling.
  const int rank = dtype == TF_RESOURCE || dtype == TF_VARIANT ? 0 : TFE_TensorHandleNumDims(handle, status.get());
  status.check(env, "shape of an output");
  Napi::Array shape = Napi::Array::New(env, rank);
  for (int axis = 0; axis < rank; axis++) {
    shape.Set(axis, static_cast<double>(TFE_TensorHandleDim(handle, axis, status.get())));
    status.check(env, "shape of an output");
  }
  out.Set("shape", shape);
  return out;
}

}  // namespace qinsight
