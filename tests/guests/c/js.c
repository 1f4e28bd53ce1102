// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Runs a JavaScript file, or standard input, with QuickJS: print(...) is all it offers beside the language; jobs
// (promises) run at the end.
#include "quickjs.h"
#include <stdio.h>
#include <stdlib.h>

static JSValue print(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv) {
  (void)this;
  for (int i = 0; i < argc; i++) {
    const char *text = JS_ToCString(ctx, argv[i]);
    if (text == NULL)
      return JS_EXCEPTION;
    printf("%s%s", i > 0 ? " " : "", text);
    JS_FreeCString(ctx, text);
  }
  putchar('\n');
  return JS_UNDEFINED;
}

static int report(JSContext *ctx) {
  JSValue error = JS_GetException(ctx);
  const char *text = JS_ToCString(ctx, error);
  printf("uncaught %s\n", text != NULL ? text : "?");
  return 1;
}

int main(int argc, char **argv) {
  static char source[1 << 18];
  FILE *file = argc == 2 ? fopen(argv[1], "rb") : stdin;
  if (file == NULL)
    return 2;
  size_t size = fread(source, 1, sizeof source - 1, file);
  fclose(file);
  source[size] = 0;
  JSRuntime *runtime = JS_NewRuntime();
  JSContext *ctx = JS_NewContext(runtime), *job;
  JSValue global = JS_GetGlobalObject(ctx);
  JS_SetPropertyStr(ctx, global, "print", JS_NewCFunction(ctx, print, "print", 1));
  JS_FreeValue(ctx, global);
  JSValue value = JS_Eval(ctx, source, size, "script", JS_EVAL_TYPE_GLOBAL);
  if (JS_IsException(value))
    return report(ctx);
  JS_FreeValue(ctx, value);
  int state;
  while ((state = JS_ExecutePendingJob(runtime, &job)) > 0)
    continue;
  if (state < 0)
    return report(job);
  JS_FreeContext(ctx);
  JS_FreeRuntime(runtime);
  return 0;
}
