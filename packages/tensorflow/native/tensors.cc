#include "tensors.h"

#include <cstring>
#include <string>

#include "status.h"
#include "tensorflow/c/tf_tstring.h"

namespace qinsight {

namespace {

int64_t count(const std::vector<int64_t>& shape) {
  int64_t product = 1;
  for (const int64_t size : shape) product *= size;
  return product;
}

void freeStrings(void* data, size_t bytes, void*) {
  auto* strings = static_cast<TF_TString*>(data);
  for (size_t i = 0; i < bytes / sizeof(TF_TString); i++) TF_TString_Dealloc(&strings[i]);
  delete[] strings;
}

Tensor stringTensor(Napi::Env env, const std::vector<int64_t>& shape, const Napi::Value& values) {
  const size_t expected = static_cast<size_t>(count(shape));
  if (!values.IsArray() || values.As<Napi::Array>().Length() != expected) {
    throw Napi::TypeError::New(env, "createTensor: expected an array of " + std::to_string(expected) + " Uint8Array");
  }
  const Napi::Array array = values.As<Napi::Array>();
  auto* strings = new TF_TString[expected];
  for (size_t i = 0; i < expected; i++) TF_TString_Init(&strings[i]);
  Tensor tensor(TF_NewTensor(TF_STRING, shape.data(), static_cast<int>(shape.size()), strings,
                             expected * sizeof(TF_TString), freeStrings, nullptr));
  for (size_t i = 0; i < expected; i++) {
    const Napi::Value value = array[static_cast<uint32_t>(i)];
    if (value.IsString()) {
      const std::string text = value.As<Napi::String>().Utf8Value();
      TF_TString_Copy(&strings[i], text.data(), text.size());
    } else if (value.IsTypedArray()) {
      const Napi::Uint8Array bytes = value.As<Napi::Uint8Array>();
      TF_TString_Copy(&strings[i], reinterpret_cast<const char*>(bytes.Data()), bytes.ByteLength());
    } else {
      throw Napi::TypeError::New(env, "createTensor: expected strings or Uint8Array as values of a string tensor");
    }
  }
  return tensor;
}

napi_typedarray_type arrayType(TF_DataType dtype) {
  switch (dtype) {
    case TF_FLOAT:
    case TF_COMPLEX64:
      return napi_float32_array;
    case TF_DOUBLE:
    case TF_COMPLEX128:
      return napi_float64_array;
    case TF_INT32:
      return napi_int32_array;
    case TF_INT64:
      return napi_bigint64_array;
    case TF_UINT64:
      return napi_biguint64_array;
    case TF_UINT32:
      return napi_uint32_array;
    case TF_INT16:
      return napi_int16_array;
    case TF_UINT16:
    case TF_BFLOAT16:  // raw bits: JavaScript has no such type
    case TF_HALF:
      return napi_uint16_array;
    case TF_INT8:
      return napi_int8_array;
    default:
      return napi_uint8_array;
  }
}

size_t elementSize(napi_typedarray_type type) {
  switch (type) {
    case napi_float64_array:
    case napi_bigint64_array:
    case napi_biguint64_array:
      return 8;
    case napi_float32_array:
    case napi_int32_array:
    case napi_uint32_array:
      return 4;
    case napi_int16_array:
    case napi_uint16_array:
      return 2;
    default:
      return 1;
  }
}

/** By JavaScript's constructor, which throws where there is no memory: Node's own function ends the process. */
Napi::ArrayBuffer arrayBuffer(Napi::Env env, size_t bytes) {
  try {
    const Napi::Function constructor = env.Global().Get("ArrayBuffer").As<Napi::Function>();
    return constructor.New({Napi::Number::New(env, static_cast<double>(bytes))}).As<Napi::ArrayBuffer>();
  } catch (const Napi::Error&) {
    throw outOfMemory(env, "tensorData: no memory for " + std::to_string(bytes) + " bytes");
  }
}

/** A copy: the tensor's own memory may be shared with others, and JavaScript may write to what it gets. */
Napi::Value valuesOf(Napi::Env env, TF_Tensor* tensor) {
  const TF_DataType dtype = TF_TensorType(tensor);
  const void* data = TF_TensorData(tensor);
  const size_t bytes = TF_TensorByteSize(tensor);
  if (dtype == TF_STRING) {
    const auto* strings = static_cast<const TF_TString*>(data);
    const size_t length = static_cast<size_t>(TF_TensorElementCount(tensor));
    Napi::Array out = Napi::Array::New(env, length);
    for (size_t i = 0; i < length; i++) {
      const size_t size = TF_TString_GetSize(&strings[i]);
      Napi::Uint8Array text = Napi::Uint8Array::New(env, size);
      if (size > 0) std::memcpy(text.Data(), TF_TString_GetDataPointer(&strings[i]), size);
      out.Set(static_cast<uint32_t>(i), text);
    }
    return out;
  }
  const napi_typedarray_type type = arrayType(dtype);
  Napi::ArrayBuffer buffer = arrayBuffer(env, bytes);
  if (bytes > 0) std::memcpy(buffer.Data(), data, bytes);
  napi_value out;
  NAPI_THROW_IF_FAILED(
      env, napi_create_typedarray(env, type, bytes / elementSize(type), buffer, 0, &out), Napi::Value());
  return Napi::Value(env, out);
}

void refuseUnreadable(Napi::Env env, TFE_TensorHandle* handle) {
  const TF_DataType dtype = TFE_TensorHandleDataType(handle);
  if (dtype == TF_RESOURCE || dtype == TF_VARIANT) {
    throw Napi::Error::New(env, "tensorData: a resource has no values to read; use ReadVariableOp");
  }
}

/** Waits for a tensor's values on a thread of the pool. */
class Reader : public Napi::AsyncWorker {
 public:
  Reader(Napi::Env env, Handle handle)
      : Napi::AsyncWorker(env), deferred_(Napi::Promise::Deferred::New(env)), handle_(std::move(handle)) {}

  Napi::Promise promise() const { return deferred_.Promise(); }

  void Execute() override {
    tensor_.reset(TFE_TensorHandleResolve(handle_.get(), status_.get()));
    if (!status_.ok()) SetError(status_.message("tensorData"));
  }
  void OnOK() override {
    try {
      deferred_.Resolve(valuesOf(Env(), tensor_.get()));
    } catch (const Napi::Error& error) {
      deferred_.Reject(error.Value());
    }
  }
  void OnError(const Napi::Error&) override { deferred_.Reject(status_.error(Env(), "tensorData").Value()); }

 private:
  Status status_;
  Napi::Promise::Deferred deferred_;
  Handle handle_;
  Tensor tensor_;
};

/** Whether values of this type live on the GPU, when there is one: TensorFlow keeps integers that steer kernels on the host. */
bool livesOnGpu(TF_DataType dtype) {
  return dtype == TF_FLOAT || dtype == TF_HALF || dtype == TF_BFLOAT16 || dtype == TF_DOUBLE || dtype == TF_COMPLEX64 ||
         dtype == TF_BOOL || dtype == TF_UINT8;
}

}  // namespace

std::vector<int64_t> shapeOf(Napi::Env env, const Napi::Value& value, const char* name) {
  if (!value.IsArray()) throw Napi::TypeError::New(env, std::string(name) + ": expected an array of sizes");
  const Napi::Array array = value.As<Napi::Array>();
  std::vector<int64_t> shape(array.Length());
  for (uint32_t axis = 0; axis < array.Length(); axis++) {
    const Napi::Value size = array[axis];
    if (!size.IsNumber()) throw Napi::TypeError::New(env, std::string(name) + ": expected an array of sizes");
    shape[axis] = size.As<Napi::Number>().Int64Value();
  }
  return shape;
}

Tensor tensorFrom(Napi::Env env, const std::vector<int64_t>& shape, TF_DataType dtype, const Napi::Value& values) {
  if (dtype == TF_STRING) return stringTensor(env, shape, values);
  const size_t bytes = static_cast<size_t>(count(shape)) * TF_DataTypeSize(dtype);
  if (!values.IsTypedArray() || values.As<Napi::TypedArray>().ByteLength() != bytes) {
    throw Napi::TypeError::New(env, "createTensor: expected a typed array of " + std::to_string(bytes) + " bytes" +
                                        (values.IsTypedArray()
                                             ? ", got " + std::to_string(values.As<Napi::TypedArray>().ByteLength())
                                             : ""));
  }
  const Napi::TypedArray array = values.As<Napi::TypedArray>();
  Tensor tensor(TF_AllocateTensor(dtype, shape.data(), static_cast<int>(shape.size()), bytes));
  if (!tensor || (bytes > 0 && TF_TensorData(tensor.get()) == nullptr)) {
    throw outOfMemory(env, "createTensor: no memory for " + std::to_string(bytes) + " bytes");
  }
  if (bytes > 0) {
    const auto* source = static_cast<const uint8_t*>(array.ArrayBuffer().Data()) + array.ByteOffset();
    std::memcpy(TF_TensorData(tensor.get()), source, bytes);
  }
  return tensor;
}

Napi::Value createTensor(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Runtime& runtime = Runtime::of(env);
  TFE_Context* context = runtime.context(env);
  const std::vector<int64_t> shape = shapeOf(env, info[0], "createTensor: shape");
  const auto dtype = static_cast<TF_DataType>(integerArgument(info, 1, "createTensor: dtype"));
  const Tensor tensor = tensorFrom(env, shape, dtype, info[2]);
  Status status;
  Handle handle(TFE_NewTensorHandle(tensor.get(), status.get()));
  status.check(env, "createTensor");
  if (!runtime.gpu().empty() && livesOnGpu(dtype)) {
    handle.reset(TFE_TensorHandleCopyToDevice(handle.get(), context, runtime.gpu().c_str(), status.get()));
    status.check(env, "createTensor: copy to " + runtime.gpu());
  }
  return Napi::Number::New(env, runtime.add(std::move(handle)));
}

Napi::Value deleteTensor(const Napi::CallbackInfo& info) {
  Runtime::of(info.Env()).remove(info.Env(), integerArgument(info, 0, "deleteTensor: id"));
  return info.Env().Undefined();
}

Napi::Value tensorDataSync(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  TFE_TensorHandle* handle = Runtime::of(env).tensor(env, integerArgument(info, 0, "tensorDataSync: id"));
  refuseUnreadable(env, handle);
  Status status;
  const Tensor tensor(TFE_TensorHandleResolve(handle, status.get()));
  status.check(env, "tensorDataSync");
  return valuesOf(env, tensor.get());
}

Napi::Value tensorData(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  TFE_TensorHandle* handle = Runtime::of(env).tensor(env, integerArgument(info, 0, "tensorData: id"));
  refuseUnreadable(env, handle);
  Status status;
  Handle shared(TFE_TensorHandleCopySharingTensor(handle, status.get()));
  status.check(env, "tensorData");
  auto* reader = new Reader(env, std::move(shared));
  const Napi::Promise promise = reader->promise();
  reader->Queue();
  return promise;
}

}  // namespace qinsight
