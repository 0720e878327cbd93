# SPDX-License-Identifier: Apache-2.0
# libcurl is not linked but loaded when a time stamp is fetched. The static program has no network.
pkg_check_modules(CURL_LIB libcurl>=7.85)
if(NOT CURL_LIB_FOUND OR STRANDLINE_STATIC)
	message(STATUS "libcurl: none, time stamps are made with --offline")
	return()
endif()
target_include_directories(strandline_libraries SYSTEM INTERFACE ${CURL_LIB_INCLUDE_DIRS})
target_compile_definitions(strandline_libraries INTERFACE
	STRANDLINE_HAVE_CURL=1 STRANDLINE_CURL_SONAME="libcurl.so.4")
target_link_libraries(strandline_libraries INTERFACE ${CMAKE_DL_LIBS})
