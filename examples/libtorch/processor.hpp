// SPDX-License-Identifier: MIT
// How a program on libtorch uses a processor well. Nothing here knows of pickmix.
#pragma once

#include <torch/torch.h>

#include <cstdlib>
#include <thread>
#ifdef __GLIBC__
#include <malloc.h>
#endif

/// Takes all cores, of which libtorch may count fewer than there are in a virtual machine, unless OMP_NUM_THREADS says how
/// many; and keeps the memory of large tensors, which otherwise goes back to the system, and is cleared by it, several times a
/// step.
///
/// Two more things have to be said before the program starts (see run.sh): OMP_WAIT_POLICY=passive where OpenBLAS
/// multiplies, which is in fp32, or libtorch's threads, waiting, take the cores from its threads; and that memory comes
/// in large pages.
inline void use_the_whole_processor() {
  const unsigned cores = std::thread::hardware_concurrency();
  if (std::getenv("OMP_NUM_THREADS") == nullptr && cores > 0) torch::set_num_threads(static_cast<int>(cores));
#ifdef __GLIBC__
  mallopt(M_MMAP_MAX, 0);
  mallopt(M_TRIM_THRESHOLD, -1);
#endif
}

/// Gives the system what memory is free, after work on texts of many lengths: the tensors of one do not fit where those of
/// another were, so it grows to twice what is needed at once.
inline void give_back_free_memory() {
#ifdef __GLIBC__
  malloc_trim(0);
#endif
}
