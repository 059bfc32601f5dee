# SPDX-License-Identifier: MIT
# To compile each header alone takes a file for each, and most of the time goes into what they have in common. But what a header
# includes comes before its own code all the same, since includes are unconditional and come first (check_layers.cmake). So
# - a header that includes a base, itself or through others, is compiled after it; it is precompiled once for all these;
# - of the others with the same base, one that includes another comes after it in the same file: headers are put in chains, each
#   including the one before it, three fifths as many as headers.
# What this cannot show is a fault of order, of which headers/poisoned.cpp shows the most likely ones.

# pickmix_find_include_chains(<directory> <bases> <header>...): sets chains_after_<base>, also of a base "none", to the last
# headers of its chains, and chain_of_<last> to the lines that include the chain. A header has the first of its bases.
function(pickmix_find_include_chains directory bases)
  foreach(header IN LISTS ARGN)
    file(STRINGS ${directory}/${header} included_by_${header} REGEX "^#include <pickmix/[^>]+>")
    list(TRANSFORM included_by_${header} REPLACE "^#include <(.+)>.*$" "\\1")
  endforeach()

  set(left ${ARGN})
  set(placed "")
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
      set(base_of_header none)
      foreach(base IN LISTS bases)
        if(base IN_LIST included_by_${header})
          set(base_of_header ${base})
          break()
        endif()
      endforeach()
      set(chain_of_${header} "#include <${header}>\n")
      foreach(last IN LISTS chains_after_${base_of_header})
        if(last IN_LIST included_by_${header})
          string(PREPEND chain_of_${header} "${chain_of_${last}}")
          list(REMOVE_ITEM chains_after_${base_of_header} ${last})
          break()
        endif()
      endforeach()
      list(APPEND chains_after_${base_of_header} ${header})
      list(APPEND placed ${header})
      list(REMOVE_ITEM left ${header})
    endforeach()
    if(left STREQUAL left_before)
      message(FATAL_ERROR "These headers include each other, or one that is not there: ${left}")
    endif()
  endwhile()

  foreach(base IN LISTS bases ITEMS none)
    set(chains_after_${base} ${chains_after_${base}} PARENT_SCOPE)
    foreach(last IN LISTS chains_after_${base})
      set(chain_of_${last} "${chain_of_${last}}" PARENT_SCOPE)
    endforeach()
  endforeach()
endfunction()
