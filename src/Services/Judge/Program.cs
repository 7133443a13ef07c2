// Placeholder entry point until the service is written.
return 0;
