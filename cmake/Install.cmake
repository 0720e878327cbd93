# SPDX-License-Identifier: Apache-2.0
# The program, what documents it, and the verifier that needs none of it.
install(TARGETS strandline RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(PROGRAMS forensics/verify.sh DESTINATION ${CMAKE_INSTALL_DATADIR}/strandline)
if(STRANDLINE_STATIC)
	return() # the archive would need every library that the program does without
endif()
install(TARGETS strandline_static strandline_shared
	LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
	ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY include/strandline DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
# wherever it is installed to, the file finds its own prefix
file(RELATIVE_PATH STRANDLINE_PC_UP /p/${CMAKE_INSTALL_LIBDIR}/pkgconfig /p)
configure_file(cmake/strandline.pc.in strandline.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/strandline.pc
	DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
