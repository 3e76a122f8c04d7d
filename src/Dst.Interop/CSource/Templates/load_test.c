static uint64_t weights[($WEIGHTS_BYTES + 7) / 8];

/* Reads @NAME@.bin and gives it to the context; returns whether it was taken. */
static int load(void)
{
    FILE *const file = fopen("@NAME@.bin", "rb");
    const size_t bytes = file == NULL ? 0 : fread(weights, 1, sizeof weights, file);
    if (file != NULL) fclose(file);
    if ($load(&context, weights, bytes) == 0) return 1;
    printf("@NAME@: @NAME@.bin is not the file that was exported with this source\n");
    return 0;
}

