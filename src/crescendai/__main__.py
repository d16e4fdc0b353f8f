from crescendai.cli import main

main()
