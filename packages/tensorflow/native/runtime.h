#pragma once
#include <napi.h>

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "tensorflow/c/c_api.h"
#include "tensorflow/c/eager/c_api.h"

namespace qinsight {

struct HandleDeleter {
  void operator()(TFE_TensorHandle* handle) const { TFE_DeleteTensorHandle(handle); }
};
using Handle = std::unique_ptr<TFE_TensorHandle, HandleDeleter>;

struct TensorDeleter {
  void operator()(TF_Tensor* tensor) const { TF_DeleteTensor(tensor); }
};
using Tensor = std::unique_ptr<TF_Tensor, TensorDeleter>;

struct OpDeleter {
  void operator()(TFE_Op* op) const { TFE_DeleteOp(op); }
};
using Op = std::unique_ptr<TFE_Op, OpDeleter>;

struct Device {
  std::string name;
  std::string type;
  int64_t memoryBytes;
};

/** TensorFlow's eager context and the tensors that JavaScript knows by number. One per JavaScript thread. */
class Runtime {
 public:
  static Runtime& of(Napi::Env env);

  /** Starts TensorFlow with a serialized ConfigProto. Later calls do nothing. */
  void start(Napi::Env env, const uint8_t* config, size_t bytes);
  ~Runtime();

  TFE_Context* context(Napi::Env env) const;
  const std::vector<Device>& devices() const { return devices_; }
  /** Name of the first GPU; empty without one. */
  const std::string& gpu() const { return gpu_; }

  int32_t add(Handle handle);
  TFE_TensorHandle* tensor(Napi::Env env, int32_t id) const;
  void remove(Napi::Env env, int32_t id);
  size_t tensors() const { return tensors_.size(); }
  /** Elements times size of every live tensor; tensors that share a buffer count twice. */
  int64_t bytes() const { return bytes_; }

 private:
  TFE_Context* context_ = nullptr;
  std::vector<Device> devices_;
  std::string gpu_;
  std::unordered_map<int32_t, Handle> tensors_;
  int32_t next_ = 0;
  int64_t bytes_ = 0;
};

/** Integer argument `index` of a call. */
int32_t integerArgument(const Napi::CallbackInfo& info, size_t index, const char* name);

/** What JavaScript is told of a tensor: {id, dtype, shape}. */
Napi::Object describe(Napi::Env env, int32_t id, TFE_TensorHandle* handle);

}  // namespace qinsight
