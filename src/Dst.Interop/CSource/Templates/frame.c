/* From a frame of this size with samples of 8 bits, [$HEIGHT][$WIDTH][$CHANNELS]: */
for (int c = 0; c < $CHANNELS; c++) {
    for (int i = 0; i < $HEIGHT * $WIDTH; i++) image[c * $HEIGHT * $WIDTH + i] = (float)frame[i * $CHANNELS + c] / 255.0f;
}
