// SPDX-License-Identifier: MIT
// Tests of backend/unpacked_rows.hpp.
#include <pickmix/backend/unpacked_rows.hpp>

#include <support/catch.hpp>

namespace backend_unpacked_rows_test {

using namespace pickmix;
using backend::PackedRows;

TEST_CASE("Unpacked rows are the rows, with zeros to the end of the last block") {
  for (Index count : {1, 192, 200})
    for (Index features : {1, 5, 32, 1024}) {
      CAPTURE(count, features);
      PackedRows packed(count, features);
      for (Index i = 0; i < count; ++i)
        for (Index k = 0; k < features; ++k) packed(i, k) = static_cast<float>(i * 100 + k + 1);
      backend::UnpackedRows rows(packed);
      for (Index panel = 0; panel < packed.blocks() * (PackedRows::block / PackedRows::panel); ++panel)
        rows.unpack(packed, panel);
      Index wrong = 0;
      for (Index i = 0; i < packed.blocks() * PackedRows::block; ++i)
        for (Index k = 0; k < features; ++k)
          if (rows.row(i)[k] != (i < count ? static_cast<float>(i * 100 + k + 1) : 0.0f)) ++wrong;
      CHECK(wrong == 0);
      CHECK((rows.row(1) - rows.row(0)) % 32 == 16);
    }
}

}
