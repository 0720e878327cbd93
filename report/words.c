/* SPDX-License-Identifier: Apache-2.0 */
#include "report/words.h"

#include "core/cleanup.h"

const char *words_field(uint32_t bit)
{
	static const struct {
		uint32_t bit;
		const char *name;
	} fields[] = {
		{SL_FIELD_TYPE, "type"}, {SL_FIELD_MODE, "mode"},       {SL_FIELD_OWNER, "owner"},
		{SL_FIELD_SIZE, "size"}, {SL_FIELD_CONTENT, "content"}, {SL_FIELD_TARGET, "target"},
		{SL_FIELD_RDEV, "rdev"}, {SL_FIELD_MTIME, "mtime"},     {SL_FIELD_XATTRS, "xattrs"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		if (fields[i].bit == bit)
			return fields[i].name;
	return NULL;
}
