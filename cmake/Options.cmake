# SPDX-License-Identifier: Apache-2.0
# The options of the build and the flags that follow from them, in one interface target.
option(STRANDLINE_WERROR "treat warnings as errors" OFF)
option(STRANDLINE_HARDEN "fortify, stack protector, full RELRO, PIE, LTO" OFF)
option(STRANDLINE_FUZZ "build libFuzzer targets (clang)" OFF)
option(STRANDLINE_ISAL "inflate gzip with ISA-L; without it zlib is used" ON)
option(STRANDLINE_YARA "match YARA rules, where libyara is found" ON)
option(STRANDLINE_STATIC_ARCHIVE "link libarchive.a, where there is one, and nothing it drags in" ON)
option(STRANDLINE_STATIC "one program without shared libraries, which loads nothing at run time" OFF)
set(STRANDLINE_SANITIZE "" CACHE STRING "comma list passed to -fsanitize=")

add_library(strandline_flags INTERFACE)
target_compile_features(strandline_flags INTERFACE c_std_17)
target_compile_definitions(strandline_flags INTERFACE _GNU_SOURCE _FILE_OFFSET_BITS=64)
target_compile_options(strandline_flags INTERFACE
	-fvisibility=hidden -pthread
	-Wall -Wextra -Wshadow -Wformat=2 -Wstrict-prototypes -Wmissing-prototypes
	-Wpointer-arith -Wundef -Wvla -Wwrite-strings -Wcast-qual -Wswitch-enum
	-Wimplicit-fallthrough -Wunused-result -Wno-missing-field-initializers)
target_link_options(strandline_flags INTERFACE -pthread)
if(STRANDLINE_WERROR)
	target_compile_options(strandline_flags INTERFACE -Werror)
endif()
if(STRANDLINE_HARDEN)
	include(CheckIPOSupported)
	check_ipo_supported(RESULT strandline_ipo LANGUAGES C)
	set(CMAKE_INTERPROCEDURAL_OPTIMIZATION ${strandline_ipo})
	set(CMAKE_POSITION_INDEPENDENT_CODE ON)
	target_compile_options(strandline_flags INTERFACE -O2 -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
		-fstack-protector-strong -fstack-clash-protection -fcf-protection)
	target_link_options(strandline_flags INTERFACE -Wl,-z,relro,-z,now,-z,noexecstack)
	set(STRANDLINE_EXE_LINK_OPTIONS -pie)
endif()
if(STRANDLINE_STATIC)
	if(STRANDLINE_SANITIZE OR NOT CMAKE_SYSTEM_NAME STREQUAL Linux)
		message(FATAL_ERROR "STRANDLINE_STATIC goes without STRANDLINE_SANITIZE")
	endif()
	set(CMAKE_POSITION_INDEPENDENT_CODE ON)
	# libc warns of what would load something; see cli/static/noload.c
	set(STRANDLINE_EXE_LINK_OPTIONS -static-pie -Wl,--fatal-warnings)
endif()
if(STRANDLINE_SANITIZE)
	target_compile_options(strandline_flags INTERFACE -fsanitize=${STRANDLINE_SANITIZE}
		-fno-omit-frame-pointer -fno-sanitize-recover=all)
	target_link_options(strandline_flags INTERFACE -fsanitize=${STRANDLINE_SANITIZE})
endif()
