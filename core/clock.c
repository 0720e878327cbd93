/* SPDX-License-Identifier: Apache-2.0 */
#include "core/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <strandline/error.h>

struct sl_time clock_now(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_REALTIME, &ts);
	return (struct sl_time){.sec = ts.tv_sec, .nsec = (uint32_t)ts.tv_nsec};
}

uint64_t clock_boot_ns(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_BOOTTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* Days since 1970-01-01 to a proleptic Gregorian date; years counted from March so that the leap
 * day comes last. */
static void civil_from_days(int64_t days, int64_t *year, int *month, int *day)
{
	int64_t z = days + 719468;
	int64_t era = (z >= 0 ? z : z - 146096) / 146097;
	int64_t doe = z - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t mp = (5 * doy + 2) / 153;

	*day = (int)(doy - (153 * mp + 2) / 5 + 1);
	*month = (int)(mp < 10 ? mp + 3 : mp - 9);
	*year = yoe + era * 400 + (*month <= 2);
}

static int64_t days_from_civil(int64_t year, int month, int day)
{
	int64_t y = year - (month <= 2);
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t yoe = y - era * 400;
	int64_t doy = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;

	return era * 146097 + doe - 719468;
}

static void split(struct sl_time t, int64_t *year, int *month, int *day, int *second)
{
	int64_t days = t.sec / 86400;

	*second = (int)(t.sec % 86400);
	if (*second < 0) {
		*second += 86400;
		days--;
	}
	civil_from_days(days, year, month, day);
}

void clock_format(char out[CLOCK_TEXT_SIZE], struct sl_time t)
{
	int64_t year;
	int month, day, s;

	split(t, &year, &month, &day, &s);
	(void)snprintf(out, CLOCK_TEXT_SIZE, "%04" PRId64 "-%02d-%02dT%02d:%02d:%02d.%09uZ", year,
		       month, day, s / 3600, s / 60 % 60, s % 60, t.nsec);
}

void clock_format_short(char out[CLOCK_TEXT_SIZE], struct sl_time t)
{
	int64_t year;
	int month, day, s;

	split(t, &year, &month, &day, &s);
	(void)snprintf(out, CLOCK_TEXT_SIZE, "%04" PRId64 "-%02d-%02d %02d:%02d:%02d", year, month,
		       day, s / 3600, s / 60 % 60, s % 60);
}

/* A run of exactly n digits at *p, within its range. */
static bool digits(const char **p, const char *end, int n, int low, int high, int *out)
{
	*out = 0;
	for (int i = 0; i < n; i++, (*p)++) {
		if (*p == end || **p < '0' || **p > '9')
			return false;
		*out = *out * 10 + (**p - '0');
	}
	return *out >= low && *out <= high;
}

static bool literal(const char **p, const char *end, char c)
{
	if (*p == end || **p != c)
		return false;
	(*p)++;
	return true;
}

static bool fraction(const char **p, const char *end, uint32_t *nsec)
{
	uint32_t scale = 100000000;
	const char *start;

	*nsec = 0;
	if (!literal(p, end, '.'))
		return true;
	for (start = *p; *p < end && **p >= '0' && **p <= '9'; (*p)++) {
		*nsec += (uint32_t)(**p - '0') * scale;
		scale /= 10;
	}
	return *p > start;
}

static bool offset(const char **p, const char *end, int *seconds)
{
	int sign, hours, minutes;

	*seconds = 0;
	if (literal(p, end, 'Z'))
		return true;
	if (*p == end || (**p != '+' && **p != '-'))
		return false;
	sign = *(*p)++ == '-' ? -1 : 1;
	if (!digits(p, end, 2, 0, 23, &hours) || !literal(p, end, ':') ||
	    !digits(p, end, 2, 0, 59, &minutes))
		return false;
	*seconds = sign * (hours * 3600 + minutes * 60);
	return true;
}

static int days_in(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	return days[month - 1] + (month == 2 && leap ? 1 : 0);
}

int clock_parse(struct sl_time *out, const char *text, size_t len)
{
	int year, month, day, hour, minute, second, shift;
	const char *p = text, *end = text + len;
	uint32_t nsec;

	if (text == NULL || !digits(&p, end, 4, 0, 9999, &year) || !literal(&p, end, '-') ||
	    !digits(&p, end, 2, 1, 12, &month) || !literal(&p, end, '-') ||
	    !digits(&p, end, 2, 1, days_in(year, month), &day) || !literal(&p, end, 'T') ||
	    !digits(&p, end, 2, 0, 23, &hour) || !literal(&p, end, ':') ||
	    !digits(&p, end, 2, 0, 59, &minute) || !literal(&p, end, ':') ||
	    !digits(&p, end, 2, 0, 60, &second) || !fraction(&p, end, &nsec) ||
	    !offset(&p, end, &shift) || p != end)
		return -SL_EFORMAT;
	out->sec = days_from_civil(year, month, day) * 86400 + hour * 3600L + minute * 60L +
		   second - shift;
	out->nsec = nsec;
	return 0;
}

int clock_compare(struct sl_time a, struct sl_time b)
{
	if (a.sec != b.sec)
		return a.sec < b.sec ? -1 : 1;
	if (a.nsec != b.nsec)
		return a.nsec < b.nsec ? -1 : 1;
	return 0;
}
