/* SPDX-License-Identifier: Apache-2.0 */
#include "job/procrules.h"

#include <string.h>

#include "core/cleanup.h"

#define RUNNING SL_SIGNAL_RUNNING
#define MAPPED SL_SIGNAL_MAPPED

static const struct procrule rules[PROCRULES] = {
	[PROCRULE_RUNNING_UPPER] = {"running-not-in-image",
				    SL_SEVERITY_CRITICAL,
				    RUNNING,
				    {"T1059", "T1105"},
				    "runs a program that the image does not have"},
	[PROCRULE_RUNNING_DELETED] = {"running-deleted",
				      SL_SEVERITY_CRITICAL,
				      RUNNING | SL_SIGNAL_UNLINKED,
				      {"T1070.004", "T1105"},
				      "runs a program that the image does not have and whose file "
				      "was deleted"},
	[PROCRULE_RUNNING_MEMORY] = {"running-in-memory",
				     SL_SEVERITY_CRITICAL,
				     RUNNING | SL_SIGNAL_MEMFD,
				     {"T1620"},
				     "runs a program that never was a file"},
	[PROCRULE_RUNNING_TMPFS] = {"running-from-tmpfs",
				    SL_SEVERITY_CRITICAL,
				    RUNNING | SL_SIGNAL_VOLUME,
				    {"T1059", "T1105"},
				    "runs a program from a file system in memory"},
	[PROCRULE_RUNNING_MOUNT] = {"running-from-volume",
				    SL_SEVERITY_CRITICAL,
				    RUNNING | SL_SIGNAL_VOLUME,
				    {"T1059", "T1105"},
				    "runs a program from a mount that can be written"},
	[PROCRULE_RUNNING_READONLY] = {"running-from-readonly-volume",
				       SL_SEVERITY_MEDIUM,
				       RUNNING | SL_SIGNAL_VOLUME,
				       {"T1059"},
				       "runs a program from a mount that it cannot write"},
	[PROCRULE_RUNNING_NESTED] = {"running-in-own-root",
				     SL_SEVERITY_MEDIUM,
				     RUNNING | SL_SIGNAL_VOLUME,
				     {"T1610"},
				     "runs in a root directory of its own, as containers in a "
				     "container do"},
	[PROCRULE_RUNNING_OUTSIDE] = {"running-from-outside",
				      SL_SEVERITY_CRITICAL,
				      RUNNING,
				      {"T1611"},
				      "runs a program that lies on none of the container's mounts"},
	[PROCRULE_SCRIPT_UPPER] = {"script-not-in-image",
				   SL_SEVERITY_CRITICAL,
				   RUNNING | SL_SIGNAL_SCRIPT,
				   {"T1059", "T1105"},
				   "interprets a script that the image does not have"},
	[PROCRULE_SCRIPT_DELETED] = {"script-deleted",
				     SL_SEVERITY_CRITICAL,
				     RUNNING | SL_SIGNAL_SCRIPT | SL_SIGNAL_UNLINKED,
				     {"T1059", "T1070.004"},
				     "interprets a script whose file was deleted"},
	[PROCRULE_SCRIPT_MEMORY] = {"script-in-memory",
				    SL_SEVERITY_CRITICAL,
				    RUNNING | SL_SIGNAL_SCRIPT | SL_SIGNAL_MEMFD,
				    {"T1059", "T1620"},
				    "interprets a script that never was a file"},
	[PROCRULE_SCRIPT_TMPFS] = {"script-from-tmpfs",
				   SL_SEVERITY_CRITICAL,
				   RUNNING | SL_SIGNAL_SCRIPT | SL_SIGNAL_VOLUME,
				   {"T1059", "T1105"},
				   "interprets a script from a file system in memory"},
	[PROCRULE_SCRIPT_MOUNT] = {"script-from-volume",
				   SL_SEVERITY_HIGH,
				   RUNNING | SL_SIGNAL_SCRIPT | SL_SIGNAL_VOLUME,
				   {"T1059"},
				   "interprets a script from a mount that can be written"},
	[PROCRULE_SCRIPT_READONLY] = {"script-from-readonly-volume",
				      SL_SEVERITY_LOW,
				      RUNNING | SL_SIGNAL_SCRIPT | SL_SIGNAL_VOLUME,
				      {"T1059"},
				      "interprets a script from a mount that it cannot write"},
	[PROCRULE_MAPPED_DELETED] = {"mapped-deleted",
				     SL_SEVERITY_HIGH,
				     MAPPED | SL_SIGNAL_UNLINKED,
				     {"T1070.004", "T1574"},
				     "has loaded code that the image does not have and whose file "
				     "was deleted"},
	[PROCRULE_MAPPED_MEMORY] = {"mapped-in-memory",
				    SL_SEVERITY_HIGH,
				    MAPPED | SL_SIGNAL_MEMFD,
				    {"T1620"},
				    "has loaded code that never was a file"},
	[PROCRULE_MAPPED_TMPFS] = {"mapped-from-tmpfs",
				   SL_SEVERITY_HIGH,
				   MAPPED | SL_SIGNAL_VOLUME,
				   {"T1574"},
				   "has loaded code from a file system in memory"},
	[PROCRULE_MAPPED_MOUNT] = {"mapped-from-volume",
				   SL_SEVERITY_MEDIUM,
				   MAPPED | SL_SIGNAL_VOLUME,
				   {"T1574"},
				   "has loaded code from a mount"},
	[PROCRULE_MAPPED_OUTSIDE] = {"mapped-from-outside",
				     SL_SEVERITY_HIGH,
				     MAPPED,
				     {"T1611"},
				     "has loaded code that lies on none of the container's mounts"},
	[PROCRULE_MAPPED_DATA] = {"mapped-data",
				  SL_SEVERITY_INFO,
				  MAPPED,
				  {NULL},
				  "maps memory executable that is no program file, as compilers do "
				  "that run what they make"},
	[PROCRULE_PRELOAD] = {"preload",
			      SL_SEVERITY_HIGH,
			      SL_SIGNAL_PRELOAD,
			      {"T1574.006"},
			      "its environment loads code into every program that it starts"},
	[PROCRULE_PRELOAD_KNOWN] = {"preload-of-image",
				    SL_SEVERITY_INFO,
				    SL_SIGNAL_PRELOAD,
				    {NULL},
				    "its environment loads a library of the image into every "
				    "program that it starts"},
	[PROCRULE_LOADS_UPPER] = {"loads-not-in-image",
				  SL_SEVERITY_HIGH,
				  SL_SIGNAL_PRELOAD,
				  {"T1059", "T1574"},
				  "a variable or option makes it load code that the image does not "
				  "have"},
	[PROCRULE_LOADS_MOUNT] =
		{"loads-from-volume",
		 SL_SEVERITY_MEDIUM,
		 SL_SIGNAL_PRELOAD | SL_SIGNAL_VOLUME,
		 {"T1059", "T1574"},
		 "a variable or option makes it load code from a mount that can be "
		 "written"},
	[PROCRULE_LOADS_READONLY] = {"loads-from-readonly-volume",
				     SL_SEVERITY_INFO,
				     SL_SIGNAL_PRELOAD | SL_SIGNAL_VOLUME,
				     {NULL},
				     "a variable or option makes it load code from a mount that it "
				     "cannot write"},
	[PROCRULE_LOADS_DELETED] = {"loads-deleted",
				    SL_SEVERITY_HIGH,
				    SL_SIGNAL_PRELOAD | SL_SIGNAL_UNLINKED,
				    {"T1070.004", "T1574"},
				    "an option made it load code from a file that is not there any "
				    "more"},
	[PROCRULE_LOADS_MISSING] =
		{"loads-missing",
		 SL_SEVERITY_LOW,
		 SL_SIGNAL_PRELOAD,
		 {"T1574"},
		 "a variable that is not configured names code that is not there, "
		 "or not any more"},
	[PROCRULE_SEARCHES_UPPER] =
		{"searches-not-in-image",
		 SL_SEVERITY_MEDIUM,
		 SL_SIGNAL_PRELOAD,
		 {"T1574"},
		 "a variable or option makes it look for code in a directory that "
		 "the image does not have"},
	[PROCRULE_SEARCHES_MOUNT] =
		{"searches-volume",
		 SL_SEVERITY_LOW,
		 SL_SIGNAL_PRELOAD | SL_SIGNAL_VOLUME,
		 {"T1574"},
		 "a variable or option makes it look for code in a mount that can "
		 "be written"},
	[PROCRULE_SEARCHES_READONLY] =
		{"searches-readonly-volume",
		 SL_SEVERITY_INFO,
		 SL_SIGNAL_PRELOAD | SL_SIGNAL_VOLUME,
		 {NULL},
		 "a variable or option makes it look for code in a mount that "
		 "it cannot write"},
	[PROCRULE_TRACED] = {"traced",
			     SL_SEVERITY_HIGH,
			     SL_SIGNAL_TRACED,
			     {"T1055.008"},
			     "another process of the container traces it"},
	[PROCRULE_TRACED_OUTSIDE] = {"traced-from-outside",
				     SL_SEVERITY_INFO,
				     SL_SIGNAL_TRACED,
				     {NULL},
				     "a process of the machine traces it"},
	[PROCRULE_FOREIGN] = {"other-namespaces",
			      SL_SEVERITY_HIGH,
			      RUNNING,
			      {"T1611"},
			      "is in the container's control group, but not in its namespaces"},
	[PROCRULE_ENTERED] = {"entered-from-outside",
			      SL_SEVERITY_HIGH,
			      RUNNING,
			      {"T1609"},
			      "is in the container's namespaces, but not in its control group"},
	[PROCRULE_COVERED] = {"proc-covered",
			      SL_SEVERITY_CRITICAL,
			      0,
			      {"T1564.013"},
			      "something is mounted over a process's entry of /proc, which hides "
			      "that process inside"},
	[PROCRULE_NETWORK_SHELL] = {"shell-on-network",
				    SL_SEVERITY_CRITICAL,
				    RUNNING,
				    {"T1059.004", "T1095"},
				    "a shell or interpreter takes its orders from a connection"},
	[PROCRULE_KERNEL_NAME] = {"named-like-kernel",
				  SL_SEVERITY_HIGH,
				  RUNNING,
				  {"T1036.005", "T1036.011"},
				  "calls itself what only threads of the kernel are called"},
	[PROCRULE_OTHER_NAME] = {"named-like-another",
				 SL_SEVERITY_MEDIUM,
				 RUNNING,
				 {"T1036.005", "T1036.011"},
				 "its arguments say that it is another program than it is"},
	[PROCRULE_FED_FROM_NETWORK] =
		{"shell-fed-from-network",
		 SL_SEVERITY_HIGH,
		 RUNNING,
		 {"T1059", "T1105"},
		 "a shell or interpreter runs what a process with a connection "
		 "writes to it"},
	[PROCRULE_FED] =
		{"shell-fed-by-pipe",
		 SL_SEVERITY_MEDIUM,
		 RUNNING,
		 {"T1059"},
		 "a shell or interpreter runs what comes out of a pipe that was made for it"},
	[PROCRULE_FED_BY_IMAGE] =
		{"shell-fed-by-image",
		 SL_SEVERITY_INFO,
		 RUNNING,
		 {NULL},
		 "a script of the image, or the first process's own code, feeds a "
		 "shell or interpreter through a pipe"},
	[PROCRULE_FED_BY_SERVER] = {"shell-fed-by-server",
				    SL_SEVERITY_HIGH,
				    RUNNING,
				    {"T1059", "T1505.003"},
				    "a web server or network relay commands a shell or interpreter "
				    "through a pipe"},
	[PROCRULE_FED_FROM_ABOVE] = {"shell-fed-by-parent",
				     SL_SEVERITY_INFO,
				     RUNNING,
				     {NULL},
				     "the program that started a shell or interpreter commands it "
				     "through a pipe"},
	[PROCRULE_DECODES] = {"runs-decoded-text",
			      SL_SEVERITY_HIGH,
			      RUNNING,
			      {"T1027", "T1140"},
			      "its arguments are a program that decodes another one and runs it"},
	[PROCRULE_FETCHES] = {"runs-fetched-text",
			      SL_SEVERITY_HIGH,
			      RUNNING,
			      {"T1059", "T1105"},
			      "its arguments are a program that fetches another one and runs it"},
	[PROCRULE_REMOTE] = {"code-of-remote-shell",
			     SL_SEVERITY_HIGH,
			     RUNNING,
			     {"T1059", "T1095"},
			     "its arguments are a program that ties a shell to a connection"},
	[PROCRULE_HANDS_OUT] = {"relay-starts-shell",
				SL_SEVERITY_HIGH,
				RUNNING,
				{"T1059.004", "T1095"},
				"a network relay is told to start a shell for a connection"},
	[PROCRULE_ENCODED] = {"encoded-program-text",
			      SL_SEVERITY_LOW,
			      RUNNING,
			      {"T1027"},
			      "its arguments are a program with a long run of encoded bytes in it"},
	[PROCRULE_CAPABILITIES] = {"capabilities-beyond-container",
				   SL_SEVERITY_HIGH,
				   RUNNING,
				   {"T1548", "T1611"},
				   "has capabilities that the container was not given"},
	[PROCRULE_SECCOMP] = {"seccomp-missing",
			      SL_SEVERITY_MEDIUM,
			      RUNNING,
			      {"T1611"},
			      "no filter of system calls is on it, as there is on the container"},
	[PROCRULE_NEW_PRIVILEGES] = {"new-privileges-possible",
				     SL_SEVERITY_MEDIUM,
				     RUNNING,
				     {"T1548"},
				     "may gain privileges, which the container is configured to "
				     "forbid"},
	[PROCRULE_OWN_USERS] = {"own-user-namespace",
				SL_SEVERITY_INFO,
				RUNNING,
				{NULL},
				"is in a user namespace of its own, as sandboxes are"},
	[PROCRULE_OWN_ROOT] =
		{"own-root-directory",
		 SL_SEVERITY_INFO,
		 RUNNING,
		 {NULL},
		 "has a root directory of its own, as servers that lock themselves up"},
	[PROCRULE_CWD_DELETED] = {"working-directory-deleted",
				  SL_SEVERITY_LOW,
				  RUNNING | SL_SIGNAL_UNLINKED,
				  {"T1070.004"},
				  "stands in a directory that was deleted"},
	[PROCRULE_PACKET] = {"packet-socket",
			     SL_SEVERITY_MEDIUM,
			     RUNNING,
			     {"T1040", "T1205.002"},
			     "can read every packet of its network"},
	[PROCRULE_RAW] =
		{"raw-socket",
		 SL_SEVERITY_LOW,
		 RUNNING,
		 {"T1040", "T1095"},
		 "reads all TCP or UDP packets that come in, or sends ones of its own making"},
	[PROCRULE_RAW_OTHER] =
		{"raw-socket-other",
		 SL_SEVERITY_INFO,
		 RUNNING,
		 {NULL},
		 "has a raw socket of another protocol than TCP or UDP, as ping has"},
};

const struct procrule *procrule(enum procrule_id id)
{
	return &rules[id];
}

bool procrule_is_server(const char *name)
{
	static const char *const names[] = {"php", "apache2", "httpd",  "nginx", "lighttpd",
					    "nc",  "ncat",    "netcat", "socat"};

	for (size_t i = 0; name != NULL && i < ARRAY_SIZE(names); i++)
		if (strncmp(name, names[i], strlen(names[i])) == 0 &&
		    !(name[strlen(names[i])] >= 'a' && name[strlen(names[i])] <= 'z'))
			return true;
	return false;
}

/* "[kworker/0:1]" in front of its arguments, or the name itself: in brackets only ps puts it. */
bool procrule_is_kernel_name(const char *name, const char *command)
{
	static const char *const names[] = {"kworker/", "ksoftirqd/", "migration/",  "kthreadd",
					    "kswapd",   "rcu_sched",  "rcu_preempt", "kdevtmpfs",
					    "kblockd",  "khugepaged", "watchdogd",   "kcompactd",
					    "jbd2/",    "khungtaskd", "oom_reaper",  "cpuhp/"};
	size_t len = command != NULL ? strcspn(command, " ") : 0;

	if (len > 2 && command[0] == '[' && memchr(command, ']', len) != NULL)
		return true;
	for (size_t i = 0; name != NULL && i < ARRAY_SIZE(names); i++)
		if (strncmp(name, names[i], strlen(names[i])) == 0)
			return true;
	return false;
}
