// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A branchy state machine: splits generated source text into numbers, names, strings, comments and operators.
#include "kernel.h"

enum { SIZE = 65536 };
static char text[SIZE + 1];

enum state { START, NAME, NUMBER, FRACTION, STRING, ESCAPE, SLASH, LINE_COMMENT, BLOCK_COMMENT, STAR };

static void generate(void) {
  static const char *const words[] = {
      "while ", "x1 = ",   "3.14159 ", "\"a \\\"b\\\" c\" ", "/* note * */ ", "// end\n", "42 ", "(", ")",
      ";\n",    "foo_bar", "+ "};
  uint32_t seed = 11;
  size_t at = 0;
  while (at < SIZE) {
    const char *word = words[next_random(&seed) % 12];
    while (*word != 0 && at < SIZE)
      text[at++] = *word++;
  }
}

static uint64_t lex(uint32_t counts[6]) {
  enum state state = START;
  uint64_t hash = 0;
  for (const char *p = text; *p != 0; p++) {
    char c = *p;
  again:
    switch (state) {
    case START:
      if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_')
        state = NAME, hash = hash * 31 + (uint8_t)c;
      else if (c >= '0' && c <= '9')
        state = NUMBER, hash = hash * 10 + (uint64_t)(c - '0');
      else if (c == '"')
        state = STRING;
      else if (c == '/')
        state = SLASH;
      else if (c != ' ' && c != '\n')
        counts[5]++, hash ^= (uint64_t)c << 40;
      break;
    case NAME:
      if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c >= '0' && c <= '9')) {
        hash = hash * 31 + (uint8_t)c;
        break;
      }
      counts[0]++, state = START;
      goto again;
    case NUMBER:
      if (c >= '0' && c <= '9') {
        hash = hash * 10 + (uint64_t)(c - '0');
        break;
      }
      if (c == '.') {
        state = FRACTION;
        break;
      }
      counts[1]++, state = START;
      goto again;
    case FRACTION:
      if (c >= '0' && c <= '9')
        break;
      counts[2]++, state = START;
      goto again;
    case STRING:
      if (c == '\\')
        state = ESCAPE;
      else if (c == '"')
        counts[3]++, state = START;
      else
        hash += (uint8_t)c;
      break;
    case ESCAPE:
      state = STRING;
      break;
    case SLASH:
      if (c == '/')
        state = LINE_COMMENT;
      else if (c == '*')
        state = BLOCK_COMMENT;
      else {
        counts[5]++, state = START;
        goto again;
      }
      break;
    case LINE_COMMENT:
      if (c == '\n')
        counts[4]++, state = START;
      break;
    case BLOCK_COMMENT:
      if (c == '*')
        state = STAR;
      break;
    case STAR:
      if (c == '/')
        counts[4]++, state = START;
      else if (c != '*')
        state = BLOCK_COMMENT;
      break;
    }
  }
  return hash;
}

static uint64_t kernel(uint32_t rounds) {
  uint32_t counts[6] = {0};
  uint64_t sum = 0;
  generate();
  for (uint32_t r = 0; r < rounds; r++) {
    text[r * 7919 % SIZE] = ' ';
    sum = fold(sum, lex(counts));
  }
  for (int i = 0; i < 6; i++)
    sum = fold(sum, counts[i]);
  return sum;
}

KERNEL_MAIN(1600)
