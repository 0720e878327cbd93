# SPDX-License-Identifier: Apache-2.0
# The default rules as a constant table: samples/rules/*.yaml, read at build time by the program's
# own reader, so that an error in one is an error of the build, with file, line and column.
file(GLOB STRANDLINE_RULE_FILES CONFIGURE_DEPENDS samples/rules/*.yaml)
list(SORT STRANDLINE_RULE_FILES)
if(NOT STRANDLINE_RULE_FILES)
	message(FATAL_ERROR "samples/rules has no rules: they are built into the program")
endif()

add_executable(rulegen cmake/rulegen.c
	core/beneath.c core/buf.c core/clock.c core/encode.c core/error.c core/kernel.c core/quote.c core/root.c
	core/yaml.c core/yamlget.c snapshot/entry.c
	diff/benign.c diff/change.c diff/deceptive.c diff/factnames.c diff/facts.c core/capability.c diff/caps.c diff/glob.c
	diff/linkout.c diff/acl.c diff/innerprogram.c diff/openings.c diff/magic.c diff/places.c diff/startlinks.c diff/rules_load.c diff/timefacts.c)
target_include_directories(rulegen PRIVATE include .)
target_link_libraries(rulegen PRIVATE strandline_flags strandline_libraries)

set(STRANDLINE_RULES_TABLE ${CMAKE_CURRENT_BINARY_DIR}/embedded/rules_table.c)
file(MAKE_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/embedded)
add_custom_command(OUTPUT ${STRANDLINE_RULES_TABLE}
	COMMAND rulegen ${STRANDLINE_RULES_TABLE} ${STRANDLINE_RULE_FILES}
	DEPENDS rulegen ${STRANDLINE_RULE_FILES} VERBATIM)
list(APPEND STRANDLINE_SOURCES ${STRANDLINE_RULES_TABLE})
