/* What main.c needs of a board. */
#ifndef CORTEX_M_H
#define CORTEX_M_H

#include <stdint.h>

/* Prints a text through the debugger or the emulator. */
void board_print(const char *text);

/* Ends the program; 0 stands for success. Does not return. */
void board_exit(int status);

/* Processor cycles since the first call. */
uint64_t board_cycles(void);

#endif
