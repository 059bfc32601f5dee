# SPDX-License-Identifier: MIT
# To compile each header alone takes a file for each. But one that includes another may come after it in the same file: what the
# other declares, it would have had before its own code all the same, since includes are unconditional and come first
# (check_layers.cmake). So headers are put in chains, each including the one before it, and a chain is compiled at once: two
# fifths of the files. What a chain cannot show is a fault of order, of which the reversed file shows the most likely ones.

# pickmix_find_include_chains(<directory> <header>...): sets last_of_chains to the last header of each chain, and
# chain_of_<last> to the lines that include the chain.
function(pickmix_find_include_chains directory)
  foreach(header IN LISTS ARGN)
    file(STRINGS ${directory}/${header} included_by_${header} REGEX "^#include <pickmix/[^>]+>")
    list(TRANSFORM included_by_${header} REPLACE "^#include <(.+)>.*$" "\\1")
  endforeach()

  set(left ${ARGN})
  set(placed "")
  set(lasts "")
  while(left)
    set(left_before ${left})
    foreach(header IN LISTS left_before)
      set(to_come ${included_by_${header}})
      list(REMOVE_ITEM to_come ${placed})
      if(to_come)
        continue()
      endif()
      foreach(other IN LISTS included_by_${header})   # now with all that these include
        list(APPEND included_by_${header} ${included_by_${other}})
      endforeach()
      list(REMOVE_DUPLICATES included_by_${header})
      set(chain_of_${header} "#include <${header}>\n")
      foreach(last IN LISTS lasts)
        if(last IN_LIST included_by_${header})
          string(PREPEND chain_of_${header} "${chain_of_${last}}")
          list(REMOVE_ITEM lasts ${last})
          break()
        endif()
      endforeach()
      list(APPEND lasts ${header})
      list(APPEND placed ${header})
      list(REMOVE_ITEM left ${header})
    endforeach()
    if(left STREQUAL left_before)
      message(FATAL_ERROR "These headers include each other, or one that is not there: ${left}")
    endif()
  endwhile()

  set(last_of_chains ${lasts} PARENT_SCOPE)
  foreach(last IN LISTS lasts)
    set(chain_of_${last} "${chain_of_${last}}" PARENT_SCOPE)
  endforeach()
endfunction()
