from jvs._launch import main

main()
