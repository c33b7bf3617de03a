#include "attributes.h"

#include "tensors.h"

namespace qinsight {

namespace {

[[noreturn]] void refuse(Napi::Env env, const std::string& name, const char* expected) {
  throw Napi::TypeError::New(env, "attribute " + name + ": expected " + expected);
}

double numberOf(Napi::Env env, const std::string& name, const Napi::Value& value) {
  if (!value.IsNumber()) refuse(env, name, "a number");
  return value.As<Napi::Number>().DoubleValue();
}

int64_t integerOf(Napi::Env env, const std::string& name, const Napi::Value& value) {
  if (value.IsBigInt()) {
    bool lossless = false;
    const int64_t integer = value.As<Napi::BigInt>().Int64Value(&lossless);
    if (!lossless) refuse(env, name, "an integer of at most 64 bits");
    return integer;
  }
  if (!value.IsNumber()) refuse(env, name, "an integer");
  return value.As<Napi::Number>().Int64Value();
}

bool booleanOf(Napi::Env env, const std::string& name, const Napi::Value& value) {
  if (value.IsBoolean()) return value.As<Napi::Boolean>().Value();
  if (value.IsNumber()) return value.As<Napi::Number>().DoubleValue() != 0;
  refuse(env, name, "a boolean");
}

std::string textOf(Napi::Env env, const std::string& name, const Napi::Value& value) {
  if (value.IsString()) return value.As<Napi::String>().Utf8Value();
  if (!value.IsTypedArray()) refuse(env, name, "a string or a Uint8Array");
  const Napi::Uint8Array bytes = value.As<Napi::Uint8Array>();
  return std::string(reinterpret_cast<const char*>(bytes.Data()), bytes.ByteLength());
}

Tensor tensorOf(Napi::Env env, const std::string& name, const Napi::Value& value) {
  if (!value.IsNumber()) refuse(env, name, "a tensor's id");
  Status status;
  Tensor tensor(TFE_TensorHandleResolve(Runtime::of(env).tensor(env, value.As<Napi::Number>().Int32Value()), status.get()));
  status.check(env, "attribute " + name);
  return tensor;
}

template <class T, class Read>
std::vector<T> listOf(Napi::Env env, const std::string& name, const Napi::Array& values, Read read) {
  std::vector<T> list;
  list.reserve(values.Length());
  for (uint32_t i = 0; i < values.Length(); i++) list.push_back(static_cast<T>(read(env, name, values[i])));
  return list;
}

template <class Target>
void setShapes(Napi::Env env, Target& target, const std::string& name, const Napi::Array& values) {
  std::vector<std::vector<int64_t>> shapes;
  for (uint32_t i = 0; i < values.Length(); i++) shapes.push_back(shapeOf(env, values[i], name.c_str()));
  std::vector<const int64_t*> dims;
  std::vector<int> ranks;
  for (const std::vector<int64_t>& shape : shapes) {
    dims.push_back(shape.data());
    ranks.push_back(static_cast<int>(shape.size()));
  }
  Status status;
  target.setShapes(name.c_str(), dims.data(), ranks.data(), static_cast<int>(shapes.size()), status.get());
  status.check(env, "attribute " + name);
}

template <class Target>
void setStrings(Napi::Env env, Target& target, const std::string& name, const Napi::Array& values) {
  const std::vector<std::string> strings = listOf<std::string>(env, name, values, textOf);
  std::vector<const void*> pointers;
  std::vector<size_t> lengths;
  for (const std::string& text : strings) {
    pointers.push_back(text.data());
    lengths.push_back(text.size());
  }
  target.setStrings(name.c_str(), pointers.data(), lengths.data(), static_cast<int>(strings.size()));
}

template <class Target>
void setListAttribute(Napi::Env env, Target& target, const std::string& name, int type, const Napi::Array& values) {
  switch (type) {
    case TF_ATTR_STRING:
      return setStrings(env, target, name, values);
    case TF_ATTR_INT:
      return target.setList(name.c_str(), listOf<int64_t>(env, name, values, integerOf));
    case TF_ATTR_FLOAT:
      return target.setList(name.c_str(), listOf<float>(env, name, values, numberOf));
    case TF_ATTR_BOOL:
      return target.setList(name.c_str(), listOf<unsigned char>(env, name, values, booleanOf));
    case TF_ATTR_TYPE:
      return target.setList(name.c_str(), listOf<TF_DataType>(env, name, values, integerOf));
    case TF_ATTR_FUNC:
      return target.setFunctions(env, name.c_str(), listOf<std::string>(env, name, values, textOf));
    default:
      refuse(env, name, "a list of strings, integers, floats, booleans, types, shapes or functions");
  }
}

template <class Target>
void setSingleAttribute(Napi::Env env, Target& target, const std::string& name, int type, const Napi::Value& value) {
  Status status;
  switch (type) {
    case TF_ATTR_STRING:
      return target.set(name.c_str(), textOf(env, name, value));
    case TF_ATTR_INT:
      return target.set(name.c_str(), integerOf(env, name, value));
    case TF_ATTR_FLOAT:
      return target.set(name.c_str(), static_cast<float>(numberOf(env, name, value)));
    case TF_ATTR_BOOL:
      return target.set(name.c_str(), booleanOf(env, name, value));
    case TF_ATTR_TYPE:
      return target.set(name.c_str(), static_cast<TF_DataType>(integerOf(env, name, value)));
    case TF_ATTR_FUNC:
      return target.setFunction(name.c_str(), textOf(env, name, value));
    case TF_ATTR_TENSOR:
      target.setTensor(name.c_str(), tensorOf(env, name, value).get(), status.get());
      return status.check(env, "attribute " + name);
    default:
      refuse(env, name, "one of TensorFlow's attribute types");
  }
}

template <class Target>
void setAttribute(Napi::Env env, Target& target, const std::string& name, int type, const Napi::Value& value) {
  if (type != TF_ATTR_SHAPE) {
    if (value.IsArray()) return setListAttribute(env, target, name, type, value.As<Napi::Array>());
    return setSingleAttribute(env, target, name, type, value);
  }
  if (!value.IsArray()) refuse(env, name, "an array of sizes");
  const Napi::Array sizes = value.As<Napi::Array>();
  if (sizes.Length() > 0 && Napi::Value(sizes[0u]).IsArray()) return setShapes(env, target, name, sizes);
  Status status;
  target.setShape(name.c_str(), shapeOf(env, value, name.c_str()), status.get());
  status.check(env, "attribute " + name);
}

template <class Target>
void setAll(Napi::Env env, Target& target, const Napi::Value& attributes) {
  if (!attributes.IsArray()) throw Napi::TypeError::New(env, "attributes: expected an array of {name, type, value}");
  const Napi::Array array = attributes.As<Napi::Array>();
  for (uint32_t i = 0; i < array.Length(); i++) {
    const Napi::HandleScope scope(env);
    const Napi::Object attribute = Napi::Value(array[i]).As<Napi::Object>();
    const Napi::Value name = attribute.Get("name");
    const Napi::Value type = attribute.Get("type");
    if (!name.IsString() || !type.IsNumber()) {
      throw Napi::TypeError::New(env, "attributes: expected an array of {name, type, value}");
    }
    setAttribute(env, target, name.As<Napi::String>().Utf8Value(), type.As<Napi::Number>().Int32Value(),
                 attribute.Get("value"));
  }
}

}  // namespace

void setAttributes(Napi::Env env, EagerAttributes target, const Napi::Value& attributes) {
  setAll(env, target, attributes);
}
void setAttributes(Napi::Env env, GraphAttributes target, const Napi::Value& attributes) {
  setAll(env, target, attributes);
}

}  // namespace qinsight
