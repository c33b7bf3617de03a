#pragma once
#include <napi.h>

#include <string>

#include "tensorflow/c/tf_status.h"

namespace qinsight {

/** For want of memory: an error whose `code` says so. */
inline Napi::Error outOfMemory(Napi::Env env, const std::string& message) {
  Napi::Error error = Napi::Error::New(env, message);
  error.Set("code", "RESOURCE_EXHAUSTED");
  return error;
}

/** A TF_Status that turns into a JavaScript error carrying TensorFlow's own message. */
class Status {
 public:
  Status() : status_(TF_NewStatus()) {}
  ~Status() { TF_DeleteStatus(status_); }
  Status(const Status&) = delete;
  Status& operator=(const Status&) = delete;

  TF_Status* get() const { return status_; }
  bool ok() const { return TF_GetCode(status_) == TF_OK; }
  std::string message(const std::string& during) const { return during + ": " + TF_Message(status_); }
  void check(Napi::Env env, const std::string& during) const {
    if (!ok()) throw error(env, during);
  }
  Napi::Error error(Napi::Env env, const std::string& during) const {
    const std::string text = message(during);
    return TF_GetCode(status_) == TF_RESOURCE_EXHAUSTED ? outOfMemory(env, text) : Napi::Error::New(env, text);
  }

 private:
  TF_Status* status_;
};

}  // namespace qinsight
