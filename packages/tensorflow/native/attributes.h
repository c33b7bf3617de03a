#pragma once
#include <napi.h>

#include <string>
#include <vector>

#include "runtime.h"
#include "status.h"

namespace qinsight {

/** Sets attributes of an operation that is about to run. */
struct EagerAttributes {
  TFE_Op* op;

  void set(const char* name, const std::string& v) { TFE_OpSetAttrString(op, name, v.data(), v.size()); }
  void set(const char* name, int64_t v) { TFE_OpSetAttrInt(op, name, v); }
  void set(const char* name, float v) { TFE_OpSetAttrFloat(op, name, v); }
  void set(const char* name, bool v) { TFE_OpSetAttrBool(op, name, v); }
  void set(const char* name, TF_DataType v) { TFE_OpSetAttrType(op, name, v); }
  void setShape(const char* name, const std::vector<int64_t>& v, TF_Status* status) {
    TFE_OpSetAttrShape(op, name, v.data(), static_cast<int>(v.size()), status);
  }
  void setTensor(const char* name, TF_Tensor* v, TF_Status* status) { TFE_OpSetAttrTensor(op, name, v, status); }
  void setFunction(const char* name, const std::string& v) { TFE_OpSetAttrFunctionName(op, name, v.data(), v.size()); }
  void setStrings(const char* name, const void* const* v, const size_t* lengths, int n) {
    TFE_OpSetAttrStringList(op, name, v, lengths, n);
  }
  void setList(const char* name, const std::vector<int64_t>& v) { TFE_OpSetAttrIntList(op, name, v.data(), size(v)); }
  void setList(const char* name, const std::vector<float>& v) { TFE_OpSetAttrFloatList(op, name, v.data(), size(v)); }
  void setList(const char* name, const std::vector<unsigned char>& v) {
    TFE_OpSetAttrBoolList(op, name, v.data(), size(v));
  }
  void setList(const char* name, const std::vector<TF_DataType>& v) {
    TFE_OpSetAttrTypeList(op, name, v.data(), size(v));
  }
  void setShapes(const char* name, const int64_t** dims, const int* ranks, int n, TF_Status* status) {
    TFE_OpSetAttrShapeList(op, name, dims, ranks, n, status);
  }
  void setFunctions(Napi::Env env, const char* name, const std::vector<std::string>& functions) {
    std::vector<Op> owned;
    std::vector<const TFE_Op*> ops;
    for (const std::string& function : functions) {
      Status status;
      owned.emplace_back(TFE_NewOp(Runtime::of(env).context(env), function.c_str(), status.get()));
      status.check(env, std::string("attribute ") + name);
      ops.push_back(owned.back().get());
    }
    TFE_OpSetAttrFunctionList(op, name, ops.data(), size(ops));
  }

 private:
  template <class T>
  static int size(const std::vector<T>& v) {
    return static_cast<int>(v.size());
  }
};

/** Sets attributes of an operation of a graph. */
struct GraphAttributes {
  TF_OperationDescription* op;

  void set(const char* name, const std::string& v) { TF_SetAttrString(op, name, v.data(), v.size()); }
  void set(const char* name, int64_t v) { TF_SetAttrInt(op, name, v); }
  void set(const char* name, float v) { TF_SetAttrFloat(op, name, v); }
  void set(const char* name, bool v) { TF_SetAttrBool(op, name, v); }
  void set(const char* name, TF_DataType v) { TF_SetAttrType(op, name, v); }
  void setShape(const char* name, const std::vector<int64_t>& v, TF_Status*) {
    TF_SetAttrShape(op, name, v.data(), static_cast<int>(v.size()));
  }
  void setTensor(const char* name, TF_Tensor* v, TF_Status* status) { TF_SetAttrTensor(op, name, v, status); }
  void setFunction(const char* name, const std::string& v) { TF_SetAttrFuncName(op, name, v.data(), v.size()); }
  void setStrings(const char* name, const void* const* v, const size_t* lengths, int n) {
    TF_SetAttrStringList(op, name, v, lengths, n);
  }
  void setList(const char* name, const std::vector<int64_t>& v) { TF_SetAttrIntList(op, name, v.data(), size(v)); }
  void setList(const char* name, const std::vector<float>& v) { TF_SetAttrFloatList(op, name, v.data(), size(v)); }
  void setList(const char* name, const std::vector<unsigned char>& v) {
    TF_SetAttrBoolList(op, name, v.data(), size(v));
  }
  void setList(const char* name, const std::vector<TF_DataType>& v) {
    TF_SetAttrTypeList(op, name, v.data(), size(v));
  }
  void setShapes(const char* name, const int64_t** dims, const int* ranks, int n, TF_Status*) {
    TF_SetAttrShapeList(op, name, dims, ranks, n);
  }
  void setFunctions(Napi::Env env, const char* name, const std::vector<std::string>&) {
    throw Napi::Error::New(env, std::string("attribute ") + name + ": TensorFlow's C API takes no list of functions in a graph");
  }

 private:
  template <class T>
  static int size(const std::vector<T>& v) {
    return static_cast<int>(v.size());
  }
};

/**
 * Sets `attributes`, an array of {name, type, value} as the JavaScript kernels write them; a `value` that is an array is
 * a list. A shape is an array of sizes, a list of shapes an array of arrays; a tensor is the id of one, a function its name.
 */
void setAttributes(Napi::Env env, EagerAttributes target, const Napi::Value& attributes);
void setAttributes(Napi::Env env, GraphAttributes target, const Napi::Value& attributes);

}  // namespace qinsight
