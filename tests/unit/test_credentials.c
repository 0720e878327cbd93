/* SPDX-License-Identifier: Apache-2.0 */
/* Credentials are told by their form, and words that look alike are left alone. */
#include "unit/cmocka_all.h"

#include <string.h>

#include "core/cleanup.h"
#include "diff/credentials.h"

/* Made up, and in two parts: nobody who searches this repository for secrets shall find one. */
#define SIXTEEN                                                                                    \
	"QX3Z7RTB"                                                                                 \
	"W2YK5LMN"
#define THIRTY_SIX                                                                                 \
	"a8Kd03Lm"                                                                                 \
	"Zq71Xw9P"                                                                                 \
	"c5Vn2Ty6"                                                                                 \
	"Rb4Hs0Ue"                                                                                 \
	"Jf1G"
#define FORTY                                                                                      \
	"q7Jw2Nd9"                                                                                 \
	"Lr5Xc0Vb"                                                                                 \
	"T8mK3zYp"                                                                                 \
	"E6sA1hGf"                                                                                 \
	"U4iO7+/="
#define PART                                                                                       \
	"eyJhbGciOiJI"                                                                             \
	"UzI1NiIsInR5"

static const struct {
	const char *text, *kind;
} texts[] = {
	{"aws_access_key_id = AKIA" SIXTEEN "\n", "an access key of AWS"},
	{"{\"AccessKeyId\":\"ASIA" SIXTEEN "\"}", "a temporary access key of AWS"},
	{"AKIA" SIXTEEN, "an access key of AWS"},
	{"DefaultEndpointsProtocol=https;AccountName=x;AccountKey=" FORTY FORTY ";",
	 "the key of a storage account of Azure"},
	{"Endpoint=sb://x;SharedAccessKeyName=a;SharedAccessKey=" FORTY,
	 "a shared access key of Azure"},
	{"token: ghp_" THIRTY_SIX, "a token of GitHub"},
	{"https://x:gho_" THIRTY_SIX "@example.org/", "a token of GitHub"},
	{"x github_pat_" THIRTY_SIX THIRTY_SIX, "a token of GitHub"},
	{"glpat-"
	 "abcdEFGH1234_-56wxyz",
	 "a token of GitLab"},
	{"SLACK=xoxb-"
	 "123456789012-abcdefABCDEF123",
	 "a token of Slack"},
	{"//registry/:_authToken=npm_" THIRTY_SIX, "a token of npm"},
	{"sk_live_"
	 "abcdefgh12345678ABCDEFGH",
	 "a secret key of Stripe"},
	{"    client-key-data: LS0tLS1CRUdJTi" FORTY "\n", "a client's key for a cluster"},
	{"{\"type\": \"service_account\", \"private_key\": \"-----BEGIN "
	 "PRIVATE KEY-----\\n\"}",
	 "the key of a service account of Google Cloud"},
	{PART "." PART "." THIRTY_SIX "\n", "a token (JWT)"},
	/* what is none */
	{"", NULL},
	{"AKIA", NULL},
	{"AKIAIOSFODNN7EXAMPLE", NULL},
	{"AKIAAAAAAAAAAAAAAAAA", NULL},
	{"AKIA" SIXTEEN "A", NULL},
	{"xAKIA" SIXTEEN, NULL},
	{"AKIA0123456789abcdef", NULL},
	{"AccountKey=secret", NULL},
	{"ghp_short", NULL},
	{"ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", NULL},
	{"client-key-data: REDACTED", NULL},
	{"{\"type\": \"service_account\", \"private_key\": \"...\"}", NULL},
	{"-----BEGIN "
	 "PRIVATE KEY-----",
	 NULL},
	{"token=" PART "." PART "." THIRTY_SIX, NULL}, /* a session, a log, a page */
	{PART "." PART, NULL},
	{PART "." PART "." THIRTY_SIX " " PART, NULL},
	{"eyJ.eyJ.", NULL},
};

static void a_credential_is_named_by_its_kind_and_nothing_else_is_one(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct sl_bytes text = {texts[i].text, strlen(texts[i].text)};
		const char *kind = credentials_find(text);

		if ((kind == NULL) != (texts[i].kind == NULL) ||
		    (kind != NULL && strcmp(kind, texts[i].kind) != 0))
			fail_msg("text %zu: %s", i, kind != NULL ? kind : "none");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_credential_is_named_by_its_kind_and_nothing_else_is_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
