/* Room for the next set of instructions. */
#undef NAME
#undef TARGET
#undef LANES
#undef TILE
#undef VECTOR
#undef LOAD
#undef STORE
#undef MOST
#undef REST
#undef ALL
#undef FMA
#undef ADD
#undef SUB
#undef MUL
#undef MIN
#undef MAX
#undef INLINE
