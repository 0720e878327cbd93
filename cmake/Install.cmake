# SPDX-License-Identifier: Apache-2.0
install(TARGETS strandline RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(TARGETS strandline_static strandline_shared
	LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
	ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY include/strandline DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
configure_file(cmake/strandline.pc.in strandline.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/strandline.pc
	DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
