// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
export const run = {
  run() {
    console.log("hello from JavaScript", JSON.stringify({ a: [1, 2.5, null, "ü"] }));
    console.error([3, 1, 2].sort().join(), typeof Date.now());
  },
};
