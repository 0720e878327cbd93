# SPDX-License-Identifier: Apache-2.0
# Text files as C arrays. Included, it offers strandline_embed(); run with -P, it writes one array:
# cmake -DINPUT=FILE -DOUTPUT=FILE.c -DSYMBOL=NAME -DHEADER=FILE.h -P Embed.cmake
if(CMAKE_SCRIPT_MODE_FILE)
	file(READ ${INPUT} bytes HEX)
	string(LENGTH "${bytes}" digits)
	if(digits EQUAL 0)
		message(FATAL_ERROR "${INPUT}: empty")
	endif()
	string(REGEX REPLACE "(................................)" "\\1\n\t" bytes "${bytes}")
	string(REGEX REPLACE "([0-9a-f][0-9a-f])" "'\\\\x\\1', " bytes "${bytes}")
	file(WRITE ${OUTPUT} "/* generated */\n#include \"${HEADER}\"\n"
		"const char ${SYMBOL}[] = {\n\t${bytes}0\n};\n")
	return()
endif()

set(STRANDLINE_EMBED_SCRIPT ${CMAKE_CURRENT_LIST_FILE})

# strandline_embed(SOURCES_VARIABLE FILE SYMBOL HEADER): FILE becomes `const char SYMBOL[]`, ended
# by NUL, as HEADER declares it; the generated source is appended to the variable.
function(strandline_embed variable file symbol header)
	set(input ${CMAKE_CURRENT_SOURCE_DIR}/${file})
	set(output ${CMAKE_CURRENT_BINARY_DIR}/embedded/${symbol}.c)
	if(NOT EXISTS ${input})
		message(FATAL_ERROR "${file} is missing: it is built into the program")
	endif()
	add_custom_command(OUTPUT ${output}
		COMMAND ${CMAKE_COMMAND} -DINPUT=${input} -DOUTPUT=${output} -DSYMBOL=${symbol}
			-DHEADER=${header} -P ${STRANDLINE_EMBED_SCRIPT}
		DEPENDS ${input} ${STRANDLINE_EMBED_SCRIPT} VERBATIM)
	set(${variable} ${${variable}} ${output} PARENT_SCOPE)
endfunction()
