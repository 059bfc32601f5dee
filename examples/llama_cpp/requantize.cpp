// SPDX-License-Identifier: MIT
// requantize IN.gguf OUT.gguf: the same weights in eight bits. What four bits have lost stays lost, but it runs faster.
#include <llama.h>

#include <cstdio>
#include <cstdlib>

int main(int count, char** values) {
  if (count != 3) {
    std::fputs("usage: requantize IN.gguf OUT.gguf\n", stderr);
    return 2;
  }
  llama_model_quantize_params params = llama_model_quantize_default_params();
  params.ftype = LLAMA_FTYPE_MOSTLY_Q8_0;
  params.allow_requantize = true;
  return llama_model_quantize(values[1], values[2], &params) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
