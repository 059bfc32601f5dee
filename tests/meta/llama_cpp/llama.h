// SPDX-License-Identifier: MIT
// What examples/llama_cpp uses of llama.cpp, declared as in the version that its run.sh gets, so that the example can
// be parsed where llama.cpp is not. Members that it does not use are left out: nothing compiled with this runs.
#pragma once

#include <cstdint>

using llama_pos = std::int32_t;
using llama_token = std::int32_t;
using llama_seq_id = std::int32_t;
struct llama_model;
struct llama_context;
struct llama_vocab;
using llama_memory_t = struct llama_memory_i*;

enum ggml_log_level { GGML_LOG_LEVEL_ERROR = 4 };
enum llama_pooling_type { LLAMA_POOLING_TYPE_MEAN = 1 };
enum llama_ftype { LLAMA_FTYPE_MOSTLY_Q8_0 = 7 };

struct llama_model_params {};
struct llama_context_params {
  std::uint32_t n_ctx, n_batch, n_ubatch, n_seq_max;
  std::int32_t n_threads, n_threads_batch;
  llama_pooling_type pooling_type;
  bool embeddings, kv_unified;
};
struct llama_model_quantize_params {
  llama_ftype ftype;
  bool allow_requantize;
};
struct llama_batch {
  std::int32_t n_tokens;
  llama_token* token;
  float* embd;
  llama_pos* pos;
  std::int32_t* n_seq_id;
  llama_seq_id** seq_id;
  std::int8_t* logits;
};

extern "C" {
void llama_log_set(void (*log)(ggml_log_level, const char*, void*), void*);

llama_model_params llama_model_default_params();
llama_model* llama_model_load_from_file(const char*, llama_model_params);
void llama_model_free(llama_model*);
std::int32_t llama_model_n_embd(const llama_model*);
const llama_vocab* llama_model_get_vocab(const llama_model*);
std::int32_t llama_vocab_n_tokens(const llama_vocab*);
std::int32_t llama_tokenize(const llama_vocab*, const char*, std::int32_t, llama_token*, std::int32_t, bool, bool);

llama_context_params llama_context_default_params();
llama_context* llama_init_from_model(llama_model*, llama_context_params);
void llama_free(llama_context*);
llama_batch llama_batch_init(std::int32_t, std::int32_t, std::int32_t);
void llama_batch_free(llama_batch);
std::int32_t llama_decode(llama_context*, llama_batch);
float* llama_get_logits_ith(llama_context*, std::int32_t);
float* llama_get_embeddings_seq(llama_context*, llama_seq_id);

llama_memory_t llama_get_memory(const llama_context*);
void llama_memory_clear(llama_memory_t, bool);
bool llama_memory_seq_rm(llama_memory_t, llama_seq_id, llama_pos, llama_pos);
void llama_memory_seq_cp(llama_memory_t, llama_seq_id, llama_seq_id, llama_pos, llama_pos);

llama_model_quantize_params llama_model_quantize_default_params();
std::uint32_t llama_model_quantize(const char*, const char*, const llama_model_quantize_params*);
}
