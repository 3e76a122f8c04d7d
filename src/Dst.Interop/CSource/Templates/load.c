
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the weights are in the order of a little-endian processor"
#endif

/* The 32 bits of 4 bytes. */
static uint32_t $word(const unsigned char *bytes)
{
    return bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

/* The CRC-32C of bytes. */
static uint32_t $checksum(const unsigned char *bytes, size_t count)
{
    uint32_t crc = 0xffffffffu;
    for (size_t i = 0; i < count; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ ((crc & 1u) != 0u ? 0x82f63b78u : 0u);
    }
    return ~crc;
}

int $load($context *context, const void *weights, size_t bytes)
{
    const size_t header = 16; /* "DSTW", the number of the source, bytes behind the header, their checksum */
    const unsigned char *const file = (const unsigned char *)weights;
    if (context == NULL || (uintptr_t)context % sizeof(void *) != 0) return -1;
    context->weights = NULL; /* earlier ones too: no prediction follows a failure */
    if (weights == NULL || (uintptr_t)weights % 8 != 0) return -1;
    if (bytes < header || $word(file) != 0x57545344u) return -2;
    if ($word(file + 4) != 0x@SOURCE@u) return -3;
    if (bytes != $WEIGHTS_BYTES || $word(file + 8) != bytes - header || $word(file + 12) != $checksum(file + header, bytes - header)) return -4;
    context->weights = file + header;
    return 0;
}
