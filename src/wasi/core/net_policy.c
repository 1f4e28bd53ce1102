// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// net_policy.c: matching addresses with rules.
#include "wasi/core/net_policy.h"

cv_err cv_net_policy_add(cv_mem *mem, cv_net_policy *policy, const cv_net_rule *rule) {
  if (rule->prefix > (rule->address.is_v6 ? 128u : 32u) || rule->first_port > rule->last_port)
    return CV_ERR_INVAL;
  return cv_vec_push(mem, &policy->rules, *rule) == CV_OK ? CV_ERR_OK : CV_ERR_NOMEM;
}

cv_err cv_net_policy_copy(cv_mem *mem, cv_net_policy *to, const cv_net_policy *from) {
  for (size_t i = 0; i < from->rules.count; i++)
    CV_ERR_TRY(cv_net_policy_add(mem, to, &from->rules.data[i]));
  return CV_ERR_OK;
}

void cv_net_policy_free(cv_mem *mem, cv_net_policy *policy) {
  cv_vec_free(mem, &policy->rules);
}

static bool in_prefix(const cv_address *a, const cv_address *b, unsigned bits) {
  if (a->is_v6 != b->is_v6 || memcmp(a->bytes, b->bytes, bits / 8) != 0)
    return false;
  unsigned rest = bits % 8;
  return rest == 0 || (a->bytes[bits / 8] ^ b->bytes[bits / 8]) >> (8 - rest) == 0;
}

cv_err cv_net_policy_check(const cv_net_policy *policy, cv_net_use use, const cv_address *address) {
  for (size_t i = 0; i < policy->rules.count; i++) {
    const cv_net_rule *r = &policy->rules.data[i];
    if ((r->uses & (unsigned)use) != 0 && r->first_port <= address->port && address->port <= r->last_port &&
        in_prefix(address, &r->address, r->prefix))
      return CV_ERR_OK;
  }
  return CV_ERR_NOTCAPABLE;
}
