/* Start of a bare Cortex-M, and of its floating-point unit if it is used, output through semihosting, and a counter of cycles. */
#include "cortex_m.h"

#include <stddef.h>

#define CPACR (*(volatile uint32_t *)0xE000ED88u) /* who may use the floating-point unit */
#define SYST_CSR (*(volatile uint32_t *)0xE000E010u)
#define SYST_RVR (*(volatile uint32_t *)0xE000E014u)
#define SYST_CVR (*(volatile uint32_t *)0xE000E018u)
#define PERIOD 0x1000000u /* of SysTick, which has 24 bits */

extern uint32_t data_begin[], data_end[], data_image[], bss_begin[], bss_end[], stack_top[];
int main(void);

/* Asks the debugger or emulator for an operation. */
static int semihosting(int operation, const void *argument)
{
    register int r0 __asm__("r0") = operation;
    register const void *r1 __asm__("r1") = argument;
    __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}

void board_print(const char *text) { (void)semihosting(0x04, text); } /* SYS_WRITE0 */

void board_exit(int status)
{
    /* SYS_EXIT: the application ended, or failed */
    (void)semihosting(0x18, (const void *)(status == 0 ? 0x20026u : 0x20024u));
    for (;;) { }
}

static volatile uint32_t periods;

static void count_period(void) { periods++; }

uint64_t board_cycles(void)
{
    uint32_t before, left;
    if ((SYST_CSR & 1u) == 0u) {
        SYST_RVR = PERIOD - 1u;
        SYST_CVR = 0u;
        SYST_CSR = 7u; /* the processor's clock, with an interrupt at 0 */
        while (SYST_CVR == 0u) { } /* the first cycle sets it */
    }
    do {
        before = periods;
        left = SYST_CVR;
    } while (before != periods);
    return (uint64_t)before * PERIOD + (PERIOD - 1u - left);
}

static void reset(void)
{
#if defined(__ARM_FP)
    CPACR |= 0xFu << 20;
    __asm__ volatile("dsb\n isb");
#endif
    for (size_t i = 0; i < (size_t)(data_end - data_begin); i++) data_begin[i] = data_image[i];
    for (uint32_t *word = bss_begin; word < bss_end; word++) *word = 0u;
    board_exit(main());
}

static void fault(void)
{
    board_print("fault\n");
    board_exit(1);
}

typedef void (*handler)(void);
__attribute__((section(".vectors"), used)) static const handler vectors[16] = {
    (handler)stack_top, reset, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault, count_period
};

/* Compilers call these for structures and loops. */
void *memcpy(void *to, const void *from, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) ((volatile uint8_t *)to)[i] = ((const uint8_t *)from)[i];
    return to;
}

void *memset(void *to, int value, size_t bytes)
{
    volatile uint8_t *byte = to;
    uint8_t *const end = (uint8_t *)to + bytes;
    while (byte != end && (uintptr_t)byte % 4u != 0u) *byte++ = (uint8_t)value;
    while (end - byte >= 4) {
        *(volatile uint32_t *)byte = (uint32_t)(uint8_t)value * 0x01010101u;
        byte += 4;
    }
    while (byte != end) *byte++ = (uint8_t)value;
    return to;
}
