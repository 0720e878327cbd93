# SPDX-License-Identifier: Apache-2.0
# What we link, all of it from Debian. libarchive is linked statically when its archive is there,
# without the filters we never use: that halves the program's start-up time.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
pkg_check_modules(XXHASH REQUIRED IMPORTED_TARGET libxxhash)
pkg_check_modules(CRYPTO REQUIRED IMPORTED_TARGET libcrypto>=3.0)
pkg_check_modules(ZSTD REQUIRED IMPORTED_TARGET libzstd)
pkg_check_modules(SQLITE REQUIRED IMPORTED_TARGET sqlite3)
pkg_check_modules(JANSSON REQUIRED IMPORTED_TARGET jansson)
pkg_check_modules(ARCHIVE REQUIRED IMPORTED_TARGET libarchive)
pkg_check_modules(ZLIB REQUIRED IMPORTED_TARGET zlib)

add_library(strandline_libraries INTERFACE)
target_link_libraries(strandline_libraries INTERFACE
	PkgConfig::ARCHIVE PkgConfig::XXHASH PkgConfig::CRYPTO PkgConfig::ZSTD PkgConfig::SQLITE
	PkgConfig::JANSSON PkgConfig::ZLIB Threads::Threads)
if(STRANDLINE_ISAL)
	pkg_check_modules(ISAL IMPORTED_TARGET libisal)
	if(ISAL_FOUND)
		target_link_libraries(strandline_libraries INTERFACE PkgConfig::ISAL)
		target_compile_definitions(strandline_libraries INTERFACE STRANDLINE_HAVE_ISAL=1)
	endif()
endif()
