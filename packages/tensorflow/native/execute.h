#pragma once
#include <napi.h>

namespace qinsight {

/** executeOp(name, attributes, inputIds, outputs): runs any operation or registered function. */
Napi::Value executeOp(const Napi::CallbackInfo& info);

/** The same on a thread of the pool; a promise of the outputs. */
Napi::Value executeOpAsync(const Napi::CallbackInfo& info);

}  // namespace qinsight
