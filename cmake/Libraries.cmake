# SPDX-License-Identifier: Apache-2.0
# What we link, all of it from Debian. libarchive is linked statically when its archive is there,
# without the formats we never use: its shared library loads eleven others, which is half of the
# program's start-up time.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
pkg_check_modules(XXHASH REQUIRED IMPORTED_TARGET libxxhash)
pkg_check_modules(CRYPTO REQUIRED IMPORTED_TARGET libcrypto>=3.0)
pkg_check_modules(ZSTD REQUIRED IMPORTED_TARGET libzstd)
pkg_check_modules(SQLITE REQUIRED IMPORTED_TARGET sqlite3)
pkg_check_modules(JANSSON REQUIRED IMPORTED_TARGET jansson)
pkg_check_modules(YAML REQUIRED IMPORTED_TARGET yaml-0.1)
pkg_check_modules(ARCHIVE REQUIRED IMPORTED_TARGET libarchive)
pkg_check_modules(ZLIB REQUIRED IMPORTED_TARGET zlib)
pkg_check_modules(LZMA REQUIRED IMPORTED_TARGET liblzma)
find_package(BZip2 REQUIRED) # has no .pc file in Debian

add_library(strandline_libraries INTERFACE)
if(STRANDLINE_YARA)
	include(cmake/Yara.cmake)
endif()
include(cmake/Curl.cmake)
if(STRANDLINE_STATIC)
	include(cmake/StaticLibraries.cmake)
	return()
endif()

# The probe does what forensics/bundle_tar.c does, in a shared library: the archive may have been
# built without position independent code, or need more than libc in another version.
if(STRANDLINE_STATIC_ARCHIVE)
	find_library(STRANDLINE_ARCHIVE_A libarchive.a HINTS ${ARCHIVE_LIBRARY_DIRS})
	mark_as_advanced(STRANDLINE_ARCHIVE_A)
	if(STRANDLINE_ARCHIVE_A)
		try_compile(STRANDLINE_ARCHIVE_LINKS ${CMAKE_BINARY_DIR}/probe-archive
			SOURCES ${CMAKE_CURRENT_LIST_DIR}/probe-archive.c
			COMPILE_DEFINITIONS -fPIC
			LINK_OPTIONS -shared -Wl,-z,defs,-z,text
			LINK_LIBRARIES ${STRANDLINE_ARCHIVE_A}
			OUTPUT_VARIABLE STRANDLINE_ARCHIVE_LOG)
	endif()
endif()
if(STRANDLINE_STATIC_ARCHIVE AND STRANDLINE_ARCHIVE_LINKS)
	message(STATUS "libarchive: ${STRANDLINE_ARCHIVE_A}, linked statically")
	target_link_libraries(strandline_libraries INTERFACE ${STRANDLINE_ARCHIVE_A})
	# none of its symbols become ours
	target_link_options(strandline_libraries INTERFACE -Wl,--exclude-libs,libarchive.a)
	target_compile_definitions(strandline_libraries INTERFACE STRANDLINE_STATIC_ARCHIVE=1)
	set(STRANDLINE_PC_LIBS "-l:libarchive.a")
else()
	message(STATUS "libarchive: the shared library")
	target_link_libraries(strandline_libraries INTERFACE PkgConfig::ARCHIVE)
	set(STRANDLINE_PC_REQUIRES "libarchive")
endif()
target_link_libraries(strandline_libraries INTERFACE
	PkgConfig::XXHASH PkgConfig::CRYPTO PkgConfig::ZSTD PkgConfig::SQLITE
	PkgConfig::JANSSON PkgConfig::YAML PkgConfig::ZLIB PkgConfig::LZMA BZip2::BZip2 Threads::Threads)
if(STRANDLINE_ISAL)
	pkg_check_modules(ISAL IMPORTED_TARGET libisal)
	if(ISAL_FOUND)
		target_link_libraries(strandline_libraries INTERFACE PkgConfig::ISAL)
		target_compile_definitions(strandline_libraries INTERFACE STRANDLINE_HAVE_ISAL=1)
		string(APPEND STRANDLINE_PC_REQUIRES " libisal")
	endif()
endif()
