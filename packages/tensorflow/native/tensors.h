#pragma once
#include <napi.h>

#include <vector>

#include "runtime.h"

namespace qinsight {

/** A JavaScript array of sizes. */
std::vector<int64_t> shapeOf(Napi::Env env, const Napi::Value& value, const char* name);

/** A new host tensor with a copy of `values`: a typed array, or an array of Uint8Array for strings. */
Tensor tensorFrom(Napi::Env env, const std::vector<int64_t>& shape, TF_DataType dtype, const Napi::Value& values);

Napi::Value createTensor(const Napi::CallbackInfo& info);
Napi::Value deleteTensor(const Napi::CallbackInfo& info);
Napi::Value tensorDataSync(const Napi::CallbackInfo& info);
Napi::Value tensorData(const Napi::CallbackInfo& info);

}  // namespace qinsight
