#pragma once
#include <napi.h>

#include <vector>

#include "tensorflow/c/c_api.h"

namespace qinsight {

/**
 * A graph under construction. TensorFlow checks every operation as it is added and infers its outputs' shapes; nothing
 * runs. Outputs are numbered in the order they come into being.
 */
class Graph : public Napi::ObjectWrap<Graph> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit Graph(const Napi::CallbackInfo& info);
  ~Graph() override;

 private:
  /** placeholder(dtype, shape) → output */
  Napi::Value placeholder(const Napi::CallbackInfo& info);
  /** constant(dtype, shape, values) → output */
  Napi::Value constant(const Napi::CallbackInfo& info);
  /** operation(type, attributes, inputs, after) → {operation, outputs}: inputs are numbers, or arrays for list inputs */
  Napi::Value operation(const Napi::CallbackInfo& info);
  /** register(name, inputs, outputs, effects, compiled): makes it a function that executeOp runs by name */
  Napi::Value registerFunction(const Napi::CallbackInfo& info);

  Napi::Object finish(Napi::Env env, TF_OperationDescription* description);
  TF_Output output(Napi::Env env, const Napi::Value& value) const;
  std::vector<TF_Output> outputs(Napi::Env env, const Napi::Value& value) const;
  TF_OperationDescription* describe(const std::string& type);

  TF_Graph* graph_;
  std::vector<TF_Output> outputs_;
  std::vector<TF_Operation*> operations_;
};

/** removeFunction(name) */
Napi::Value removeFunction(const Napi::CallbackInfo& info);

}  // namespace qinsight
