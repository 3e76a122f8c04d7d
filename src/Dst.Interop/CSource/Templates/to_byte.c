/* The byte of a number: steps of 1 / scale from zero on, the nearest, a tie upwards. */
$INLINE uint8_t $to_byte(float number, float steps, int zero)
{
    const float low = (float)-zero, high = (float)(255 - zero), half = (float)zero + 0.5f;
    const float value = number * steps, above = value > low ? value : low, inside = above < high ? above : high;
    return (uint8_t)(int)(inside + half);
}
