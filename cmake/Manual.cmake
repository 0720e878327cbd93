# SPDX-License-Identifier: Apache-2.0
# The program prints its man page and its completion from the tables that it parses options with.
set(STRANDLINE_MAN ${CMAKE_CURRENT_BINARY_DIR}/doc/strandline.1)
set(STRANDLINE_COMPLETION ${CMAKE_CURRENT_BINARY_DIR}/doc/strandline.bash)
add_custom_command(
	OUTPUT ${STRANDLINE_MAN} ${STRANDLINE_COMPLETION}
	COMMAND ${CMAKE_COMMAND} -E make_directory ${CMAKE_CURRENT_BINARY_DIR}/doc
	COMMAND strandline __man -o ${STRANDLINE_MAN}
	COMMAND strandline __completion -o ${STRANDLINE_COMPLETION}
	DEPENDS strandline
	COMMENT "Man page and completion"
	VERBATIM)
add_custom_target(manual ALL DEPENDS ${STRANDLINE_MAN} ${STRANDLINE_COMPLETION})
install(FILES ${STRANDLINE_MAN} DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES ${STRANDLINE_COMPLETION}
	DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME strandline)
