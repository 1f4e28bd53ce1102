// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// net_policy.h: which addresses a program may use, and for what. No rule, no network.
#ifndef COVE_WASI_CORE_NET_POLICY_H
#define COVE_WASI_CORE_NET_POLICY_H

#include "base/vec.h"
#include "sys/net.h"

typedef enum cv_net_use {
  CV_NET_CONNECT = 1,
  CV_NET_LISTEN = 2,
  CV_NET_UDP = 4,
} cv_net_use;

// Addresses whose first `prefix` bits are those of `address`, and ports from first to last.
typedef struct cv_net_rule {
  unsigned uses; // of cv_net_use
  cv_address address;
  unsigned prefix; // bits: 0 is any address of the family
  uint16_t first_port, last_port;
} cv_net_rule;

typedef struct cv_net_policy {
  CV_VEC(cv_net_rule) rules;
} cv_net_policy;

CV_MUST_USE cv_err cv_net_policy_add(cv_mem *mem, cv_net_policy *policy, const cv_net_rule *rule);
CV_MUST_USE cv_err cv_net_policy_copy(cv_mem *mem, cv_net_policy *to, const cv_net_policy *from);
void cv_net_policy_free(cv_mem *mem, cv_net_policy *policy);
// CV_ERR_NOTCAPABLE unless a rule covers it.
CV_MUST_USE cv_err cv_net_policy_check(const cv_net_policy *policy, cv_net_use use, const cv_address *address);

#endif
