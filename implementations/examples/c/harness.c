/* A harness in C, standard library only: the codec of every revision.
 *   cc -O2 -o harness harness.c && hgframing check exec:./harness
 * The messages are regular enough to be scanned for the few keys that matter: no JSON library is needed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_PAYLOAD = 65535, MAX_FIELDS = 3 };

struct field { const char *name; int width; };
struct revision { const char *key; int count; struct field fields[MAX_FIELDS]; };

/* The fields between the length and the last octet. */
static const struct revision REVISIONS[] = {
    {"0001", 0, {{0, 0}}},
    {"0002", 1, {{"request", 2}}},
    {"", 3, {{"request", 2}, {"stream", 1}, {"stream-flags", 1}}},
};

struct octets { unsigned char *at; size_t count, room; };

static void *must(void *pointer) { if (!pointer) { fputs("out of memory\n", stderr); exit(1); } return pointer; }

static void append(struct octets *to, const void *from, size_t count) {
    if (to->count + count > to->room) {
        to->room = 2 * (to->count + count);
        to->at = must(realloc(to->at, to->room));
    }
    if (count) memcpy(to->at + to->count, from, count);
    to->count += count;
}

static int digit(int c) { return c <= '9' ? c - '0' : c - 'a' + 10; }

/* Read the hex digits after the quote at `text`; returns the quote behind them. */
static const char *unhex(const char *text, struct octets *to) {
    for (text += 1; *text != '"'; text += 2) {
        unsigned char octet = (unsigned char)(digit(text[0]) << 4 | digit(text[1]));
        append(to, &octet, 1);
    }
    return text;
}

static void print_hex(const unsigned char *octets, size_t count) {
    for (size_t i = 0; i < count; i++) printf("%02x", octets[i]);
}

/* Find the value of a key, from `text` up to `end`; NULL if it is not there. */
static const char *value_of(const char *text, const char *end, const char *key) {
    char quoted[32];
    snprintf(quoted, sizeof quoted, "\"%s\"", key);
    const char *found = strstr(text, quoted);
    if (!found || found >= end) return NULL;
    for (found += strlen(quoted); *found == ':' || *found == ' '; found++) {}
    return found;
}

static long number_of(const char *text, const char *end, const char *key) {
    const char *value = value_of(text, end, key);
    return value ? strtol(value, NULL, 10) : 0;
}

struct codec { const struct revision *revision; struct octets held; int size, lost; };

static void comma(int *some) { if (*some) putchar(','); *some = 1; }

/* Print the frames that are whole. */
static void print_frames(struct codec *codec, int *some) {
    size_t at = 0, size = (size_t)codec->size;
    while (!codec->lost && codec->held.count - at >= size) {
        const unsigned char *head = codec->held.at + at;
        size_t length = head[0] | (size_t)head[1] << 8 | (size_t)head[2] << 16;
        if (length > MAX_PAYLOAD) {
            comma(some);
            printf("{\"error\":{\"code\":\"payload-too-large\",\"message\":\"%zu octets\"}}", length);
            codec->lost = 1; /* nobody knows where the next frame begins */
            codec->held.count = at = 0;
            return;
        }
        if (codec->held.count - at < size + length) break;
        comma(some);
        fputs("{\"frame\":{", stdout);
        const unsigned char *octet = head + 3;
        for (int i = 0; i < codec->revision->count; i++) {
            const struct field *field = &codec->revision->fields[i];
            unsigned value = 0;
            for (int shift = 0; shift < 8 * field->width; shift += 8) value |= (unsigned)*octet++ << shift;
            printf("\"%s\":%u,", field->name, value);
        }
        printf("\"type\":%d,\"flags\":%d,\"payload\":{\"hex\":\"", head[size - 1] >> 4, head[size - 1] & 15);
        print_hex(head + size, length);
        fputs("\"}}}", stdout);
        at += size + length;
    }
    memmove(codec->held.at, codec->held.at + at, codec->held.count - at);
    codec->held.count -= at;
}

/* Encode the frame whose numbers stand between `text` and `end`. */
static void print_octets(const struct codec *codec, const char *text, const char *end) {
    struct octets payload = {0}, header = {0};
    const char *hex = value_of(text, end, "hex");
    if (hex) unhex(hex, &payload);
    int fits = payload.count < 1u << 24;
    unsigned char length[3] = {payload.count & 255, payload.count >> 8 & 255, payload.count >> 16 & 255};
    append(&header, length, 3);
    for (int i = 0; i < codec->revision->count; i++) {
        const struct field *field = &codec->revision->fields[i];
        long value = number_of(text, end, field->name);
        fits = fits && value >= 0 && value < 1L << 8 * field->width;
        for (int shift = 0; shift < 8 * field->width; shift += 8) {
            unsigned char octet = (unsigned char)(value >> shift & 255);
            append(&header, &octet, 1);
        }
    }
    long type = number_of(text, end, "type"), flags = number_of(text, end, "flags");
    if (fits && type >= 0 && type < 16 && flags >= 0 && flags < 16) {
        unsigned char last = (unsigned char)(type << 4 | flags);
        append(&header, &last, 1);
        fputs("{\"octets\":{\"hex\":\"", stdout);
        print_hex(header.at, header.count);
        print_hex(payload.at, payload.count);
        fputs("\"}}", stdout);
    } else {
        fputs("{\"refused\":{\"message\":\"a number does not fit its field\"}}", stdout);
    }
    free(payload.at);
    free(header.at);
}

/* Run one step, the object from `text` to `end`; print its actions. */
static void run_step(struct codec *codec, const char *text, const char *end) {
    int some = 0;
    const char *value;
    putchar('[');
    if ((value = value_of(text, end, "receive"))) {
        for (value++; *value != ']'; value++)
            if (*value == '"') {
                value = unhex(value, &codec->held);
                print_frames(codec, &some);
            }
        if (codec->lost) codec->held.count = 0;
    } else if ((value = value_of(text, end, "encode"))) {
        print_octets(codec, value, end);
    } else if (codec->held.count) {
        fputs("{\"error\":{\"code\":\"truncated-frame\",\"message\":\"input ended inside a frame\"}}", stdout);
    }
    putchar(']');
}

/* The end of the object that begins at `text`; strings hold no braces here. */
static const char *object_end(const char *text) {
    int depth = 0;
    do depth += *text == '{' ? 1 : *text == '}' ? -1 : 0; while (text++, depth);
    return text;
}

static void run_case(const char *message) {
    const char *end = message + strlen(message), *key = value_of(message, end, "revision");
    const struct revision *revision = REVISIONS;
    while (*revision->key && (strncmp(key + 1, revision->key, 4) || key[5] != '"')) revision++;
    struct codec codec = {revision, {0}, 4, 0};
    for (int i = 0; i < revision->count; i++) codec.size += revision->fields[i].width;
    printf("{\"op\":\"result\",\"seq\":%ld,\"steps\":[", number_of(message, end, "seq"));
    int some = 0;
    for (const char *step = value_of(message, end, "steps") + 1; *step != ']'; step++)
        if (*step == '{') {
            const char *step_end = object_end(step);
            comma(&some);
            run_step(&codec, step, step_end);
            step = step_end - 1;
        }
    puts("]}");
    free(codec.held.at);
}

static const char HELLO[] =
    "{\"op\":\"hello\",\"protocol\":1,\"name\":\"example-c\",\"version\":\"1\",\"language\":\"c\","
    "\"revisions\":[\"0001\",\"0002\",\"0002-streams\",\"0005-draft\",\"0005\",\"0006\"],\"layers\":[\"codec\"],"
    "\"capabilities\":{\"error-codes\":true,\"steps\":[\"receive\",\"end-input\",\"encode\"]}}";

int main(void) {
    struct octets line = {0};
    for (int c; (c = getchar()) != EOF;) {
        char octet = c == '\n' ? 0 : (char)c;
        append(&line, &octet, 1);
        if (octet) continue;
        const char *message = (const char *)line.at, *op = value_of(message, message + line.count, "op");
        if (op && !strncmp(op, "\"bye\"", 5)) break;
        if (op && !strncmp(op, "\"hello\"", 7)) puts(HELLO);
        else if (op && !strncmp(op, "\"case\"", 6)) run_case(message);
        else puts("{\"op\":\"unknown\"}");
        fflush(stdout);
        line.count = 0;
    }
    free(line.at);
    return 0;
}
