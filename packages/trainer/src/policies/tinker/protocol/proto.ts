/**
 * The protocol's binary messages, in the language of protobuf.dev. Read from the descriptors of the Python SDK `tinker`
 * 0.25 and 0.38 (Apache-2.0); fields that came after 0.25 say so. Numbers inside `bytes` are little-endian.
 */
export const TINKER_PROTO = `
syntax = "proto3";

message ForwardBackwardRequest {
  string model_id = 1;
  int32 seq_id = 2;
  repeated Datum data = 3;
  string loss_fn = 4;
  map<string, double> loss_fn_config = 5;
  bool forward_only = 6;
  map<string, LossConfigValue> loss_fn_config_v2 = 7; // since 0.27; numbers stand in field 5 too
}
message LossConfigValue { oneof value { double number = 1; string text = 2; } }
message Datum {
  repeated Chunk model_input = 1;
  map<string, Tensor> loss_fn_inputs = 2;
}
message Chunk { oneof chunk { EncodedTextChunk encoded_text = 1; ImageChunk image = 2; DmelChunk dmel = 3; } }
message EncodedTextChunk { bytes tokens = 1; } // int32
message ImageChunk {
  bytes data = 1;
  string format = 2;
  optional int32 expected_tokens = 3;
}
message DmelChunk { bytes dmel = 1; }
message Tensor {
  oneof encoding { bytes dense = 1; SparseCsr sparse_csr = 2; }
  DType dtype = 3;
  repeated int64 shape = 4;
}
message SparseCsr { bytes values = 1; bytes crow_indices = 2; bytes col_indices = 3; }
enum DType { DTYPE_UNSPECIFIED = 0; DTYPE_FLOAT32 = 1; DTYPE_INT64 = 2; DTYPE_INT32 = 3; DTYPE_BFLOAT16 = 4; }

message ForwardBackwardOutput {
  string loss_fn_output_type = 1;
  repeated ArrayRecord loss_fn_outputs = 2;
  map<string, double> metrics = 3;
}
message ArrayRecord { // the outputs of several datums, field by field
  string type_tag = 1;
  map<string, BatchedTensor> fields = 2;
  int64 num_datums = 3;
}
message BatchedTensor {
  bytes data = 1;
  bytes offsets = 2; // int64: where each datum's bytes begin, and where the last ones end
  DType dtype = 3;
  repeated int64 trailing_shape = 4;
}

message SampleResponse {
  repeated SampledSequence sequences = 1;
  optional bytes prompt_logprobs = 2; // float32, NaN where not defined
  optional TopkLogprobs topk_prompt_logprobs = 3;
}
message SampledSequence {
  StopReason stop_reason = 1;
  bytes tokens = 2; // int32
  optional bytes logprobs = 3; // float32
}
enum StopReason { STOP_REASON_STOP = 0; STOP_REASON_LENGTH = 1; }
message TopkLogprobs { // [length, k], row by row
  bytes token_ids = 1; // int32
  bytes logprobs = 2; // float32, -99999 where there are none
  uint32 k = 3;
  uint32 length = 4;
}
`;
