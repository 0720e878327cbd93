/* SPDX-License-Identifier: Apache-2.0 */
/* Linux capabilities by their numbers (linux/capability.h). */
#ifndef CORE_CAPABILITY_H
#define CORE_CAPABILITY_H

#include <stdint.h>

/* Those that have a name here; kernels may know fewer or more. */
#define CAPABILITIES 41u
#define CAPABILITIES_ALL ((UINT64_C(1) << CAPABILITIES) - 1)

/* "sys_admin"; NULL for a number without a name. Static. */
const char *capability_name(unsigned int number);
/* The number of "SYS_ADMIN", "cap_sys_admin"...; -1 for what is none. */
int capability_number(const char *name);

#endif
