(module (func $"f\1b[31m\r" (export "_start") unreachable))
