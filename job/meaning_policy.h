/* SPDX-License-Identifier: Apache-2.0 */
/* What the operator expects of a container explains its findings. */
#ifndef JOB_MEANING_POLICY_H
#define JOB_MEANING_POLICY_H

#include "job/meaning.h"

/* Nothing without a policy in the request. The policy is about this container from now on. */
int meaning_policy(struct meaning *m, struct sl_error *err);

#endif
