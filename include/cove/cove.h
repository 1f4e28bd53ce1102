// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// cove.h: the whole public interface. common.h has the conventions of all headers.
//
//   cove_engine  ->  cove_module                 compile once, share among threads
//   cove_store   ->  cove_linker  ->  cove_instance  ->  cove_func_call
//   cove_wasi    ->  cove_linker_define_wasi     what a WASI program is granted
//   cove_wit      ->  C bindings, components out of core modules
//   cove_component  ->  cove_component_linker  ->  cove_component_instance  ->  cove_component_func_call
#ifndef COVE_COVE_H
#define COVE_COVE_H

#include <cove/cache.h>
#include <cove/common.h>
#include <cove/compiled.h>
#include <cove/component.h>
#include <cove/compose.h>
#include <cove/config.h>
#include <cove/engine.h>
#include <cove/func.h>
#include <cove/global.h>
#include <cove/glue.h>
#include <cove/instance.h>
#include <cove/memory.h>
#include <cove/module.h>
#include <cove/pool.h>
#include <cove/snapshot.h>
#include <cove/status.h>
#include <cove/store.h>
#include <cove/table.h>
#include <cove/tag.h>
#include <cove/text.h>
#include <cove/trap.h>
#include <cove/types.h>
#include <cove/value.h>
#include <cove/wasi.h>
#include <cove/wast.h>
#include <cove/wit.h>

#endif
