# SPDX-License-Identifier: Apache-2.0
# The archives that go into the static program, from the same -dev packages. Debian has none of
# ISA-L (2.30): gzip is inflated by zlib then, which takes up to twice the time.
function(strandline_archive variable name)
	find_library(${variable} lib${name}.a)
	mark_as_advanced(${variable})
	if(NOT ${variable})
		message(FATAL_ERROR "lib${name}.a is missing: STRANDLINE_STATIC needs it")
	endif()
	target_link_libraries(strandline_libraries INTERFACE ${${variable}})
endfunction()

foreach(name archive xxhash crypto zstd sqlite3 jansson yaml lzma bz2)
	string(TOUPPER STRANDLINE_${name}_A variable)
	strandline_archive(${variable} ${name})
endforeach()
target_compile_definitions(strandline_libraries INTERFACE STRANDLINE_STATIC_ARCHIVE=1)
if(STRANDLINE_ISAL)
	find_library(STRANDLINE_ISAL_A libisal.a)
	mark_as_advanced(STRANDLINE_ISAL_A)
	if(STRANDLINE_ISAL_A)
		target_link_libraries(strandline_libraries INTERFACE ${STRANDLINE_ISAL_A})
		target_compile_definitions(strandline_libraries INTERFACE STRANDLINE_HAVE_ISAL=1)
	else()
		message(STATUS "libisal.a: there is none, gzip is inflated by zlib")
	endif()
endif()
strandline_archive(STRANDLINE_Z_A z)
target_link_libraries(strandline_libraries INTERFACE m Threads::Threads)

# What would load code or configuration at run time ends in cli/static/noload.c instead.
foreach(name dlopen dlsym dlclose dlerror dladdr getaddrinfo freeaddrinfo gethostbyname iconv_open)
	list(APPEND STRANDLINE_EXE_LINK_OPTIONS -Wl,--wrap=${name})
endforeach()
