# cmake -D NM= -D ARCHIVE= -D RESULT= -P: the module definition of a Windows library that exports what crosses
# the codec's files. It knows no patterns of names, as plugin.map does.
execute_process(COMMAND ${NM} --defined-only ${ARCHIVE} OUTPUT_VARIABLE symbols RESULT_VARIABLE failed)
if(failed)
  message(FATAL_ERROR "${NM} cannot list what ${ARCHIVE} defines")
endif()
string(REGEX MATCHALL " [TRDB] px_[A-Za-z0-9_]+" symbols "${symbols}")
list(TRANSFORM symbols REPLACE " T (.+)" "  \\1\n")
list(TRANSFORM symbols REPLACE " [RDB] (.+)" "  \\1 DATA\n")
list(JOIN symbols "" symbols)
file(WRITE ${RESULT} "EXPORTS\n${symbols}")
